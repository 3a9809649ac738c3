"""Vonage: delivery receipts and answers, as signed webhooks.

https://developer.vonage.com/en/getting-started/concepts/signing-messages
"""

import hmac
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from deliveries.callbacks.base import START_WORDS, STOP_WORDS, Reader, form_of, received_at, word_of
from hub.callbacks.events import Call, Event, Kind, Unverified

_KINDS = {"delivered": Kind.DELIVERED, "failed": Kind.FAILED, "rejected": Kind.FAILED, "expired": Kind.FAILED}
# absent for good, illegal number, barred by its owner
_LASTING = frozenset({"2", "7", "9"})
# seconds: a call that somebody has kept is none of today's
OLDEST = 300
_TIDY = str.maketrans("&=", "__")


class VonageReader(Reader):
    """Calls are signed with `callback_secret`, the account's signature secret, as SHA-256 HMAC."""

    def verify(self, call: Call) -> None:
        secret = str(self.account.config.get("callback_secret", ""))
        if not secret:
            raise Unverified("the account lacks callback_secret, which vonage signs with")
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
        number = f"+{str(told.get('msisdn', '')).lstrip('+')}"
        if "text" in told:
            word = word_of(str(told["text"]))
            kind = Kind.STOPPED if word in STOP_WORDS else Kind.STARTED if word in START_WORDS else None
            return [Event(kind, received_at(), address=number, id=str(told.get("messageId", "")))] if kind else []
        kind = _KINDS.get(str(told.get("status", "")))
        if kind is None:
            return []
        code = str(told.get("err-code", ""))
        message_id, status = str(told.get("messageId", "")), str(told["status"])
        return [
            Event(
                kind, _instant(told), message_id, code=code, lasting=kind == Kind.FAILED and code in _LASTING, id=status
            )
        ]


def _fields(call: Call) -> dict[str, Any]:
    if "json" not in call.headers.get("content-type", ""):
        return dict(form_of(call))
    told = orjson.loads(call.body)
    return told if isinstance(told, dict) else {}


def _instant(told: dict[str, Any]) -> datetime:
    try:
        return datetime.strptime(str(told["message-timestamp"]), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return received_at()
