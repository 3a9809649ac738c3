"""Amazon SNS text messages: their delivery logs, and what people answer, as notifications of a topic.

https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html
https://docs.aws.amazon.com/sms-voice/latest/userguide/phone-numbers-two-way-sms.html
"""

from collections.abc import Sequence

import orjson

from deliveries.callbacks.base import Reader, answered, instant_of
from deliveries.callbacks.sns_signature import notification_in, verify
from hub.callbacks.events import Call, Event, Kind

_KINDS = {"SUCCESS": Kind.DELIVERED, "FAILURE": Kind.FAILED}
_LASTING = ("Phone has blocked SMS", "Phone is on a blocked list", "Invalid phone number", "Phone number is opted out")


class SnsReader(Reader):
    """The posts of a topic are signed by Amazon."""

    def verify(self, call: Call) -> None:
        verify(call)

    def read(self, call: Call) -> Sequence[Event]:
        notification = notification_in(call)
        if notification is None:
            return []
        told = orjson.loads(notification["Message"])
        if "messageBody" in told:
            sender, name = str(told.get("originationNumber", "")), str(told.get("inboundMessageId", ""))
            return answered(str(told["messageBody"]), sender, name)
        status, about = str(told.get("status", "")), told.get("notification", {})
        kind = _KINDS.get(status)
        if kind is None:
            return []
        answer = str(told.get("delivery", {}).get("providerResponse", ""))
        lasting = kind == Kind.FAILED and answer.startswith(_LASTING)
        at, message_id = instant_of(about.get("timestamp")), str(about.get("messageId", ""))
        return [Event(kind, at, message_id, answer=answer, lasting=lasting, id=status)]
