"""Africa's Talking: delivery reports and answers, as forms. They are not signed: that their address is known must do.

https://developers.africastalking.com/docs/sms/notifications
"""

from collections.abc import Sequence

from deliveries.callbacks.base import START_WORDS, STOP_WORDS, Reader, form_of, received_at, word_of
from hub.callbacks.events import Call, Event, Kind

_KINDS = {"Success": Kind.DELIVERED, "Failed": Kind.FAILED, "Rejected": Kind.FAILED, "AbsentSubscriber": Kind.FAILED}
_LASTING = frozenset({"UserDoesNotExist", "UserInBlacklist", "NotNetworkSubscriber"})


class AfricasTalkingReader(Reader):
    """Reports and answers come to the same address: which of them it is shows in their fields."""

    def read(self, call: Call) -> Sequence[Event]:
        form = form_of(call)
        if "text" in form:
            word = word_of(form["text"])
            kind = Kind.STOPPED if word in STOP_WORDS else Kind.STARTED if word in START_WORDS else None
            sender = form.get("from", "")
            return [Event(kind, received_at(), address=sender, id=form.get("id", ""))] if kind and sender else []
        kind = _KINDS.get(form.get("status", ""))
        if kind is None:
            return []
        code = form.get("failureReason", "")
        return [Event(kind, received_at(), form.get("id", ""), code=code, lasting=code in _LASTING, id=form["status"])]
