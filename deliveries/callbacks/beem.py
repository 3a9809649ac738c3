"""Beem: delivery reports as JSON. They are not signed: that their address is known must do.

https://docs.beem.africa/ (SMS, delivery reports)
"""

from collections.abc import Sequence

import orjson

from deliveries.callbacks.base import Reader, form_of, received_at
from hub.callbacks.events import Call, Event, Kind

_KINDS = {"DELIVERED": Kind.DELIVERED, "UNDELIVERED": Kind.FAILED, "FAILED": Kind.FAILED, "REJECTED": Kind.FAILED}


class BeemReader(Reader):
    """One report a call."""

    def read(self, call: Call) -> Sequence[Event]:
        told = orjson.loads(call.body) if "json" in call.headers.get("content-type", "") else form_of(call)
        status = str(told.get("Status") or told.get("status") or "").upper()
        message_id = str(told.get("request_id") or told.get("RequestID") or "")
        kind = _KINDS.get(status)
        return [Event(kind, received_at(), message_id, code=status, id=status)] if kind and message_id else []
