"""Amazon SNS by its query protocol: SMS to a number, events to a topic.

POST /   Action=Publish with PhoneNumber or TopicArn
"""

import re
import uuid
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from project.emulators.amazon import Notifier, check_signed
from project.emulators.base import Emulator
from project.emulators.callbacks import Callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

PHONE = re.compile(r"\+[1-9]\d{6,14}")
MAX_SMS, MAX_EVENT = 1_600, 262_144  # bytes
USUAL_CODES = {
    400: "InvalidParameter",
    401: "InvalidClientTokenId",
    403: "AuthorizationError",
    404: "NotFound",
    429: "Throttling",
    500: "InternalError",
    503: "ServiceUnavailable",
}
SENT = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>{id}</MessageId>'
    "</PublishResult><ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></PublishResponse>"
)
FAILED = (
    '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>{side}</Type><Code>{code}</Code>'
    "<Message>{text}</Message></Error><RequestId>{request}</RequestId></ErrorResponse>"
)


class Sns(Emulator):
    """`topics`: the ARNs there are; empty: any. `numbers`: what is wrong with a number, by code; others are well."""

    name, channel = "sns", "sms"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.topics: set[str] = set()
        self.numbers: dict[str, str] = {}
        self.notifier = Notifier("arn:aws:sns:eu-west-1:000000000000:hub")

    def receive(self, request: Request) -> Sequence[Message] | Reply:
        if served := self.notifier.certificate_reply(request):
            return served
        check_signed(request, "sns", missing="MissingAuthenticationToken", unknown="InvalidClientTokenId")
        form = request.form
        if form.get("Action") != "Publish":
            raise Refusal(400, "InvalidAction", f"The action {form.get('Action')} is not valid for this endpoint.")
        text, number, topic = form.get("Message", ""), form.get("PhoneNumber", ""), form.get("TopicArn", "")
        if not text:
            raise Refusal(400, message="Invalid parameter: Empty message")
        if len(text.encode()) > (MAX_SMS if number else MAX_EVENT):
            raise Refusal(400, message="Invalid parameter: Message too long")
        self._check_target(number, topic)
        fields: dict[str, Any] = {"to": number or topic, "sender": sender_in(form), "body": text, "asked": form}
        if topic:
            fields |= {"channel": "sink", "title": form.get("Subject", "")}
        return [self.message(request, id=str(uuid.uuid4()), **fields)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return xml(SENT.format(id=messages[0].id, request=uuid.uuid4()), 200)

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        code = refusal.code or USUAL_CODES.get(refusal.status, "InternalError")
        side = "Sender" if refusal.status < 500 else "Receiver"
        text = escape(refusal.message or code)
        reply = xml(FAILED.format(side=side, code=escape(code), text=text, request=uuid.uuid4()), refusal.status)
        return Reply(reply.status, reply.body, {**reply.headers, **refusal.headers})

    def notification(self, url: str, message: object) -> Callback:
        """What a subscriber of the topic gets."""
        return self.notifier.notification(url, message, at=self.clock.today(), base=self.url)

    def _check_target(self, number: str, topic: str) -> None:
        if number and code_for(number, self.numbers):
            raise Refusal(400, code_for(number, self.numbers), f"Invalid parameter: PhoneNumber Reason: {number}")
        if not number and not topic:
            raise Refusal(400, message="Invalid parameter: TopicArn or TargetArn Reason: no value")
        if topic and self.topics and topic not in self.topics:
            raise Refusal(404, message="Topic does not exist")


def code_for(number: str, numbers: dict[str, str]) -> str:
    return numbers.get(number, "" if PHONE.fullmatch(number) else "InvalidParameter")


def sender_in(form: dict[str, str]) -> str:
    """The value of the attribute AWS.SNS.SMS.SenderID."""
    for name, value in form.items():
        if name.endswith(".Name") and value == "AWS.SNS.SMS.SenderID":
            return form.get(name.removesuffix(".Name") + ".Value.StringValue", "")
    return ""


def xml(text: str, status: int) -> Reply:
    return Reply(status, text.encode(), {"content-type": "text/xml"})
