"""Text messages through Amazon SNS."""

import re

from deliveries.providers.base import Sent
from deliveries.providers.errors import Ambiguous, Configuration, OptedOut, Permanent, Throttled
from deliveries.providers.http import API_URL
from deliveries.providers.sms import HELP, SMS_SETTINGS, SmsProvider
from deliveries.publishing import published, signer_for
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

_MESSAGE_ID = re.compile(rb"<MessageId>([\w-]{1,100})</MessageId>")
_CODE = re.compile(rb"<Code>([\w.]{1,100})</Code>")


class Sns(SmsProvider):
    """One call a message. It knows no repeats."""

    settings = (
        Setting("access_key_id", "An access key that may call sns:Publish (AKIA…)."),
        Setting("secret_access_key", "Its secret.", secret=True),
        Setting("session_token", "The session's token, for temporary keys.", secret=True, required=False),
        Setting("region", "The region, such as eu-west-1."),
        Setting(
            "type",
            "Transactional is delivered first, promotional is cheaper.",
            required=False,
            choices=("Transactional", "Promotional"),
        ),
        HELP,
        *SMS_SETTINGS,
        API_URL,
    )
    codes = {
        **dict.fromkeys(("Throttling", "ThrottlingException", "Throttled", "KMSThrottling"), Throttled),
        "OptedOut": OptedOut,
        **dict.fromkeys(("InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"), Permanent),
        **dict.fromkeys(("AuthorizationError", "AccessDenied", "InvalidClientTokenId", "ExpiredToken"), Configuration),
        **dict.fromkeys(("SignatureDoesNotMatch", "IncompleteSignature", "RequestExpired"), Configuration),
        **dict.fromkeys(("MissingAuthenticationToken", "OptInRequired", "UserError", "InvalidAction"), Configuration),
        **dict.fromkeys(("InternalError", "InternalFailure"), Ambiguous),
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        region = self.needed("region")
        if not re.fullmatch(r"[a-z0-9-]{1,32}", region):
            raise Configuration("no_region", "this is no region of Amazon's")
        self._url = f"{self.base(f'https://sns.{region}.amazonaws.com')}/"
        keys = (self.needed("access_key_id"), self.needed("secret_access_key"), self.config.get("session_token"))
        self._signer = signer_for(region, *keys)

    async def deliver(self, work: Work) -> Sent:
        fields = {"PhoneNumber": work.address, "Message": self.text(work)}
        headers, body = published(self._url, fields, self._attributes(work), self._signer)
        answer = await self.call("POST", self._url, headers=headers, body=body)
        found = _MESSAGE_ID.search(answer.body)
        if found is None:
            raise self.refused(answer)
        return Sent(found[1].decode(), str(answer.status))

    def code_of(self, answer: Answer) -> str:
        found = _CODE.search(answer.body)
        return found[1].decode() if found else ""

    def _attributes(self, work: Work) -> dict[str, str]:
        sender = self.sender(work)
        name = "AWS.MM.SMS.OriginationNumber" if sender.startswith("+") else "AWS.SNS.SMS.SenderID"
        wanted = {name: sender, "AWS.SNS.SMS.SMSType": self.config.get("type") or "Transactional"}
        return {attribute: value for attribute, value in wanted.items() if value}
