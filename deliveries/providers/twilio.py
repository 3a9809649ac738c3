"""Text messages through Twilio's Programmable Messaging."""

from urllib.parse import quote

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent
from deliveries.providers.errors import AddressDead, Configuration, OptedOut, Permanent, Throttled, Unfit
from deliveries.providers.http import API_URL, basic
from deliveries.providers.sms import HELP, SMS_SETTINGS, SmsProvider
from hub.callbacks.addresses import receipts_url
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting


class Twilio(SmsProvider):
    """One call a message. It knows no repeats."""

    settings = (
        Setting("account_sid", "The account's SID (AC…)."),
        Setting("auth_token", "Its auth token, or the secret of `api_key`.", secret=True),
        Setting("api_key", "The SID of an API key (SK…), to be used instead of the auth token.", required=False),
        Setting(
            "callback_secret", "With an API key: the auth token, which signs receipts.", secret=True, required=False
        ),
        HELP,
        Setting("messaging_service_sid", "A messaging service (MG…) that chooses the sender.", required=False),
        *SMS_SETTINGS,
        API_URL,
    )
    codes = {
        "20003": Configuration,
        "20008": Configuration,
        "20404": Configuration,
        "20429": Throttled,
        # the number doesn't exist, or takes no texts
        **dict.fromkeys(("21211", "21214", "21217", "21614", "21265", "21635"), AddressDead),
        "21610": OptedOut,
        # the sender, or what the account may do
        **dict.fromkeys(("21212", "21603", "21606", "21659", "21660", "21661"), Configuration),
        **dict.fromkeys(("21701", "21703", "21704", "21705", "30002", "30034"), Configuration),
        # the number's country, or a number that a trial account has not verified
        **dict.fromkeys(("21408", "21608", "21612"), Unfit),
        # where receipts go can't be reached
        "21609": Configuration,
        # its own queues are full
        **dict.fromkeys(("14107", "21611", "30001", "30022"), Throttled),
        **dict.fromkeys(("21602", "21617", "30007"), Permanent),
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        sid, base = self.needed("account_sid"), self.base("https://api.twilio.com")
        self._url = f"{base}/2010-04-01/Accounts/{quote(sid, safe='')}/Messages.json"
        self._receipts = receipts_url(account)
        self._who = basic(self.config.get("api_key") or sid, self.needed("auth_token"))

    async def deliver(self, work: Work) -> Sent:
        fields = {"To": work.address, "Body": self.text(work), **self._from(work)}
        if self._receipts:
            fields["StatusCallback"] = self._receipts
        answer = await self.post_form(self._url, fields, headers=self._who)
        said = fields_of(answer)
        return Sent(str(said.get("sid") or ""), str(answer.status), str(said.get("status") or ""))

    def code_of(self, answer: Answer) -> str:
        return str(fields_of(answer).get("code") or "")

    def _from(self, work: Work) -> dict[str, str]:
        service, sender = self.config.get("messaging_service_sid"), self.sender(work)
        if service:
            return {"MessagingServiceSid": service, **({"From": sender} if sender else {})}
        return {"From": self.named_sender(work)}
