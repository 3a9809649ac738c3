"""Vonage: delivery receipts and answers, as signed webhooks.

https://developer.vonage.com/en/getting-started/concepts/signing-messages
"""

import hmac
import time
from collections.abc import Sequence
from typing import Any

import orjson

from deliveries.callbacks.base import Reader, answered, form_of, instant_of
from hub.callbacks.events import Call, Event, Kind, Unverified

_KINDS = {"delivered": Kind.DELIVERED, "failed": Kind.FAILED, "rejected": Kind.FAILED, "expired": Kind.FAILED}
# absent for good, illegal number, barred by its owner
_LASTING = frozenset({"2", "7", "9"})
# seconds: a call that somebody has kept is none of today's
OLDEST = 300
_TIDY = str.maketrans("&=", "__")


class VonageReader(Reader):
    """Calls are signed with `callback_secret`, the account's signature secret, as SHA-256 HMAC."""

    def lacks(self) -> str:
        return "" if self.account.config.get("callback_secret") else "callback_secret"

    def verify(self, call: Call) -> None:
        if lacking := self.lacks():
            raise Unverified(f"the account lacks {lacking}, which vonage signs with")
        secret = str(self.account.config["callback_secret"])
        told = {name: str(value) for name, value in _fields(call).items()}
        given, timestamp = told.pop("sig", ""), told.get("timestamp", "")
        said = "".join(f"&{name}={value.translate(_TIDY)}" for name, value in sorted(told.items()))
        digest = hmac.digest(secret.encode(), said.encode(), "sha256").hex()
        if not hmac.compare_digest(digest, given.lower()):
            raise Unverified("its signature is wrong")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > OLDEST:
            raise Unverified("its signature is too old")

    def read(self, call: Call) -> Sequence[Event]:
        told = _fields(call)
        message_id, status = str(told.get("messageId", "")), str(told.get("status", ""))
        if "text" in told:
            return answered(str(told["text"]), f"+{str(told.get('msisdn', '')).lstrip('+')}", message_id)
        kind = _KINDS.get(status)
        if kind is None:
            return []
        at, code = instant_of(told.get("message-timestamp")), str(told.get("err-code", ""))
        lasting = kind == Kind.FAILED and code in _LASTING
        return [Event(kind, at, message_id, code=code, lasting=lasting, id=status)]


def _fields(call: Call) -> dict[str, Any]:
    if "json" not in call.headers.get("content-type", ""):
        return dict(form_of(call))
    told = orjson.loads(call.body)
    return told if isinstance(told, dict) else {}
