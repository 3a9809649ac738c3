"""Text messages through Beem Africa."""

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent
from deliveries.providers.errors import AddressDead, Ambiguous, Configuration, Permanent
from deliveries.providers.http import API_URL, basic
from deliveries.providers.sms import SMS_SETTINGS, SmsProvider, digits
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

TAKEN = "100"


class Beem(SmsProvider):
    """One call a message. It knows no repeats."""

    settings = (
        Setting("api_key", "The account's API key."),
        Setting("secret_key", "Its secret.", secret=True),
        *SMS_SETTINGS,
        API_URL,
    )
    codes = {
        "101": AddressDead,
        # no credit, account, route, authorisation; sender; credentials
        **dict.fromkeys(("102", "105", "106", "107", "111", "120"), Configuration),
        # a network that was too slow, an error while it was worked on
        **dict.fromkeys(("103", "108", "109"), Ambiguous),
        **dict.fromkeys(("104", "110"), Permanent),
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._url = f"{self.base('https://apisms.beem.africa')}/v1/send"
        self._who = basic(self.needed("api_key"), self.needed("secret_key"))

    async def deliver(self, work: Work) -> Sent:
        content = {
            "source_addr": self.named_sender(work),
            "schedule_time": "",
            "encoding": 0,
            "message": self.text(work),
            "recipients": [{"recipient_id": 1, "dest_addr": digits(work.address)}],
        }
        answer = await self.post_json(self._url, content, headers=self._who)
        code = self.code_of(answer)
        if code == TAKEN:
            return Sent(str(fields_of(answer).get("request_id") or ""), code)
        raise self.refused(answer)

    def code_of(self, answer: Answer) -> str:
        """An error's is one level deeper than a success's."""
        said = fields_of(answer)
        inner = said.get("data")
        return str((inner if isinstance(inner, dict) else said).get("code") or "")
