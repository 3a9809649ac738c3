"""Amazon SNS text messages: their delivery logs, as notifications of a topic.

https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from deliveries.callbacks.base import Reader, received_at
from deliveries.callbacks.sns_signature import confirm, message_of, verify
from hub.callbacks.events import Call, Event, Kind

_KINDS = {"SUCCESS": Kind.DELIVERED, "FAILURE": Kind.FAILED}
_LASTING = ("Phone has blocked SMS", "Phone is on a blocked list", "Invalid phone number", "Phone number is opted out")


class SnsReader(Reader):
    """The posts of a topic are signed by Amazon."""

    def verify(self, call: Call) -> None:
        verify(call)

    def read(self, call: Call) -> Sequence[Event]:
        if confirm(call):
            return []
        told = orjson.loads(message_of(call)["Message"])
        status, about = str(told.get("status", "")), told.get("notification", {})
        kind = _KINDS.get(status)
        if kind is None:
            return []
        answer = str(told.get("delivery", {}).get("providerResponse", ""))
        lasting = kind == Kind.FAILED and answer.startswith(_LASTING)
        return [
            Event(kind, _instant(about), str(about.get("messageId", "")), answer=answer, lasting=lasting, id=status)
        ]


def _instant(about: dict[str, Any]) -> datetime:
    try:
        return datetime.strptime(str(about["timestamp"])[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return received_at()
