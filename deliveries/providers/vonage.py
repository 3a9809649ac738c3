"""Text messages through Vonage's SMS API, which tells what it refuses in a 200."""

from typing import Any

from deliveries.providers.answers import fields_of, text_of
from deliveries.providers.base import Sent
from deliveries.providers.errors import AddressDead, Ambiguous, Configuration, Permanent, Throttled, Unfit
from deliveries.providers.http import API_URL
from deliveries.providers.sms import HELP, SMS_SETTINGS, SmsProvider, digits
from hub.callbacks.addresses import receipts_url
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.policy.segments import is_gsm
from hub.providers.accounts import Account
from hub.providers.settings import Setting

TAKEN = "0"


class Vonage(SmsProvider):
    """One call a message; its parts are told one by one."""

    settings = (
        Setting("api_key", "The account's API key."),
        Setting("api_secret", "Its secret.", secret=True),
        Setting("callback_secret", "The signature secret (SHA-256 HMAC).", secret=True, required=False),
        HELP,
        *SMS_SETTINGS,
        API_URL,
    )
    codes = {
        # too fast, too many connections
        **dict.fromkeys(("1", "10"), Throttled),
        # missing, invalid, unroutable, too long, a network that there isn't
        **dict.fromkeys(("2", "3", "6", "12", "22"), Permanent),
        # an error while it was worked on
        "5": Ambiguous,
        # barred, no longer in use
        **dict.fromkeys(("7", "33"), AddressDead),
        # credentials, suspended, no credit, no such product, signature, sender, receipts, mixed credentials
        **dict.fromkeys(("4", "8", "9", "11", "14", "15", "23", "32"), Configuration),
        # a number that a trial account has not verified
        "29": Unfit,
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._url = f"{self.base('https://rest.nexmo.com')}/sms/json"
        # what it posts unsigned would be believed by nobody
        self._receipts = receipts_url(account) if self.config.get("callback_secret") else ""
        self._who = {"api_key": self.needed("api_key"), "api_secret": self.needed("api_secret")}

    async def deliver(self, work: Work) -> Sent:
        text = self.text(work)
        fields = {"to": digits(work.address), "from": self.named_sender(work), "text": text}
        fields |= {"type": "text" if is_gsm(text) else "unicode", "client-ref": work.message_id[:100]}
        if self._receipts:
            fields["callback"] = self._receipts
        answer = await self.post_form(self._url, {**self._who, **fields})
        return self._judged(answer)

    def code_of(self, answer: Answer) -> str:
        return next((part["status"] for part in _parts(answer) if part["status"] != TAKEN), "")

    def _judged(self, answer: Answer) -> Sent:
        parts = _parts(answer)
        taken = [part for part in parts if part["status"] == TAKEN]
        if 0 < len(taken) < len(parts):
            # torn in two: what was taken is on its way
            raise Ambiguous("parts", text_of(answer))
        if not taken:
            raise self.refused(answer)
        return Sent(str(taken[0].get("message-id") or ""), TAKEN)


def _parts(answer: Answer) -> list[dict[str, Any]]:
    parts = fields_of(answer).get("messages")
    if not isinstance(parts, list):
        return []
    return [part | {"status": str(part.get("status"))} for part in parts if isinstance(part, dict)]
