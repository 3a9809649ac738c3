"""Amazon SES, version 2.

POST /v2/email/outbound-emails   one mail, raw or by its parts
"""

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from project.emulators import mail
from project.emulators.amazon import Notifier, check_signed
from project.emulators.base import Emulator, json_reply
from project.emulators.callbacks import Callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

USUAL_CODES = {
    400: "MessageRejected",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "NotFoundException",
    429: "TooManyRequestsException",
    500: "InternalFailure",
    503: "ServiceUnavailable",
}


class Ses(Emulator):
    name, channel = "ses", "email"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.notifier = Notifier("arn:aws:sns:eu-west-1:000000000000:ses-events")

    def receive(self, request: Request) -> Sequence[Message] | Reply:
        if served := self.notifier.certificate_reply(request):
            return served
        if request.path != "/v2/email/outbound-emails":
            raise Refusal(404)
        unknown = "UnrecognizedClientException"
        check_signed(request, "ses", missing="MissingAuthenticationTokenException", unknown=unknown)
        asked = request.json
        content, destination = asked.get("Content") or {}, asked.get("Destination") or {}
        shown, mail_headers = raw_content(content["Raw"]) if "Raw" in content else simple_content(content)
        to = ", ".join(destination.get("ToAddresses") or ())
        if not to:
            raise Refusal(400, "BadRequestException", "Destination is required.")
        fields: dict[str, Any] = {"sender": asked.get("FromEmailAddress", ""), **shown}
        asked = {**asked, "MailHeaders": mail_headers}
        return [self.message(request, id=f"0102{secrets.token_hex(14)}-000000", to=to, asked=asked, **fields)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return json_reply({"MessageId": messages[0].id})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        code = refusal.code or USUAL_CODES.get(refusal.status, "InternalFailure")
        headers = {"x-amzn-errortype": code, **refusal.headers}
        return json_reply({"message": refusal.message or code}, refusal.status, headers)

    def event(self, message: Message, kind: str, *, url: str, more: Mapping[str, Any] | None = None) -> Callback:
        """A signed notification: `Delivery`, `Bounce`, `Complaint`, `Open`, `Click`, `Reject`.

        `more` is what stands below the event's own name: `{"bounceType": "Permanent", …}`.
        """
        at = self.clock.today().isoformat()
        headers = [{"name": name, "value": value} for name, value in message.asked["MailHeaders"].items()]
        about = {"messageId": message.id, "timestamp": at, "source": message.sender, "destination": [message.to]}
        tags = {tag["Name"]: [tag["Value"]] for tag in message.asked.get("EmailTags") or ()}
        recipients = [{"emailAddress": message.to}]
        detail = {"timestamp": at, "recipients": [message.to], "bouncedRecipients": recipients}
        detail |= {"complainedRecipients": recipients, **(more or {})}
        event = {"eventType": kind, "mail": {**about, "headers": headers, "tags": tags}, kind.lower(): detail}
        return self.notifier.notification(url, event, at=self.clock.today(), base=self.url)

    def confirmation(self, url: str) -> Callback:
        return self.notifier.confirmation(url, at=self.clock.today(), base=self.url)


def raw_content(raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        message = mail.parsed(base64.b64decode(raw.get("Data") or "", validate=True))
    except binascii.Error as error:
        raise Refusal(400, "BadRequestException", "Data is not base64.") from error
    return mail.shown(message), {name: str(value) for name, value in message.items()}


def simple_content(content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    simple = content.get("Simple") or {}
    if not simple:
        raise Refusal(400, "BadRequestException", "Content is required.")
    body = simple.get("Body") or {}
    shown = {
        "title": (simple.get("Subject") or {}).get("Data", ""),
        "body": (body.get("Text") or {}).get("Data", ""),
        "html": (body.get("Html") or {}).get("Data", ""),
    }
    return shown, {header["Name"]: header["Value"] for header in simple.get("Headers") or ()}
