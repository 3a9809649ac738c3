"""Text messages through Amazon SNS, by its query protocol, signed with AWS's own signer (Signature Version 4)."""

import re
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from deliveries.providers.answers import text_of
from deliveries.providers.base import Sent
from deliveries.providers.errors import Ambiguous, Configuration, OptedOut, Permanent, Throttled
from deliveries.providers.http import FORM
from deliveries.providers.sms import SMS_SETTINGS, SmsProvider
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

_MESSAGE_ID = re.compile(rb"<MessageId>([\w-]{1,100})</MessageId>")
_CODE = re.compile(rb"<Code>([\w.]{1,100})</Code>")


class Sns(SmsProvider):
    """One call a message. boto3 itself would block a thread for each, and retry on its own."""

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
        *SMS_SETTINGS,
        Setting("url", "The API's address, if it is not the region's own.", type="url", required=False),
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
        self._url = f"{self.config.get('url') or f'https://sns.{region}.amazonaws.com'}/"
        keys = (self.needed("access_key_id"), self.needed("secret_access_key"), self.config.get("session_token"))
        self._signer = SigV4Auth(Credentials(*keys), "sns", region)

    async def deliver(self, work: Work) -> Sent:
        body = urlencode({**self._attributes(work), "PhoneNumber": work.address, "Message": self.text(work)}).encode()
        answer = await self.call("POST", self._url, headers=self._signed(body), body=body)
        found = _MESSAGE_ID.search(answer.body)
        if found is None:
            raise Ambiguous("unreadable", text_of(answer))
        return Sent(found[1].decode(), str(answer.status))

    def code_of(self, answer: Answer) -> str:
        found = _CODE.search(answer.body)
        return found[1].decode() if found else ""

    def _attributes(self, work: Work) -> dict[str, str]:
        """The query protocol writes a map as numbered fields."""
        sender = self.sender(work)
        name = "AWS.MM.SMS.OriginationNumber" if sender.startswith("+") else "AWS.SNS.SMS.SenderID"
        wanted = {name: sender, "AWS.SNS.SMS.SMSType": self.config.get("type") or "Transactional"}
        fields = {"Action": "Publish", "Version": "2010-03-31"}
        for number, (attribute, value) in enumerate((entry for entry in wanted.items() if entry[1]), start=1):
            prefix = f"MessageAttributes.entry.{number}"
            fields |= {f"{prefix}.Name": attribute, f"{prefix}.Value.DataType": "String"}
            fields[f"{prefix}.Value.StringValue"] = value
        return fields

    def _signed(self, body: bytes) -> dict[str, str]:
        request = AWSRequest("POST", self._url, headers={**FORM}, data=body)
        self._signer.add_auth(request)
        return dict(request.headers.items())
