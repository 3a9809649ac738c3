"""Africa's Talking: delivery reports and answers, as forms. They are not signed: that their address is known must do.

https://developers.africastalking.com/docs/sms/notifications
"""

from collections.abc import Sequence

from deliveries.callbacks.base import Reader, answered, form_of, received_at
from hub.callbacks.events import Call, Event, Kind

_KINDS = {"Success": Kind.DELIVERED, "Failed": Kind.FAILED, "Rejected": Kind.FAILED, "AbsentSubscriber": Kind.FAILED}
_LASTING = frozenset({"UserDoesNotExist", "UserInBlacklist", "NotNetworkSubscriber"})


class AfricasTalkingReader(Reader):
    """Reports and answers come to the same address: which of them it is shows in their fields."""

    def read(self, call: Call) -> Sequence[Event]:
        form = form_of(call)
        if "text" in form:
            return answered(form["text"], form.get("from", ""), form.get("id", ""))
        kind = _KINDS.get(form.get("status", ""))
        if kind is None:
            return []
        code = form.get("failureReason", "")
        return [Event(kind, received_at(), form.get("id", ""), code=code, lasting=code in _LASTING, id=form["status"])]
