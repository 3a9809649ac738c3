"""Text messages through Africa's Talking: a 201 for all numbers together, a status code for each."""

from typing import Any

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent
from deliveries.providers.errors import AddressDead, Ambiguous, Configuration, OptedOut, Permanent
from deliveries.providers.http import API_URL
from deliveries.providers.sms import HELP, SMS_SETTINGS, SmsProvider
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

# processed, sent, queued
TAKEN = frozenset({"100", "101", "102"})


class AfricasTalking(SmsProvider):
    """One call a message. It knows no repeats."""

    settings = (
        Setting("username", "The application's username."),
        Setting("api_key", "Its API key.", secret=True),
        HELP,
        *SMS_SETTINGS,
        API_URL,
    )
    codes = {
        # held back as a risk, no route, refused by the network
        **dict.fromkeys(("401", "407", "502"), Permanent),
        # sender, no credit; both are told in words too, then for all numbers
        **dict.fromkeys(("402", "405", "InvalidSenderId", "InsufficientBalance"), Configuration),
        # no number, or a landline
        **dict.fromkeys(("403", "404"), AddressDead),
        # told to stop; on the country's list of people who want no such messages
        **dict.fromkeys(("406", "409"), OptedOut),
        **dict.fromkeys(("500", "501"), Ambiguous),
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._url = f"{self.base('https://api.africastalking.com')}/version1/messaging"
        self._username = self.needed("username")
        self._headers = {"apiKey": self.needed("api_key"), "Accept": "application/json"}

    async def deliver(self, work: Work) -> Sent:
        fields = {"username": self._username, "to": work.address, "message": self.text(work)}
        if sender := self.sender(work):
            fields["from"] = sender
        answer = await self.post_form(self._url, fields, headers=self._headers)
        code = self.code_of(answer)
        if code in TAKEN:
            return Sent(str(_recipient(answer).get("messageId") or ""), code)
        raise self.refused(answer)

    def code_of(self, answer: Answer) -> str:
        """The number's own, or what is said instead of all numbers."""
        return str(_recipient(answer).get("statusCode") or "") or str(_data(answer).get("Message") or "")


def _data(answer: Answer) -> dict[str, Any]:
    data = fields_of(answer).get("SMSMessageData")
    return data if isinstance(data, dict) else {}


def _recipient(answer: Answer) -> dict[str, Any]:
    recipients = _data(answer).get("Recipients")
    first = recipients[0] if isinstance(recipients, list) and recipients else None
    return first if isinstance(first, dict) else {}
