"""What the answer of an HTTP API means. Pure: statuses, headers and bodies in, decisions out."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from deliveries.providers.errors import Ambiguous, Configuration, Permanent, SendError, Throttled, Transient
from hub.outbound import Answer

# they say "later", whatever the body says; 503 is a refusal to process, unlike the other 5xx
LATER = frozenset({429, 503})
_LONGEST_TEXT = 1_000


def meaning_of(status: int) -> type[SendError]:
    """What a status means that is no 2xx, where the provider has no other use for it."""
    if status in LATER:
        return Throttled
    if status in (401, 402, 403, 404) or 300 <= status < 400:
        return Configuration
    if status == 408:
        # it waited for the whole request in vain
        return Transient
    if 400 <= status < 500:
        return Permanent
    # 500, 502, 504 and what nobody has heard of: it had the whole message and may have kept it
    return Ambiguous


def seconds_until(retry_after: str) -> float | None:
    """Seconds, from either form of the header Retry-After (RFC 9110 §10.2.3); None where it says nothing."""
    value = retry_after.strip()
    try:
        if value.replace(".", "", 1).isdigit():
            return float(value)
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def text_of(answer: Answer) -> str:
    """The beginning of the body, for the record."""
    return answer.body[:_LONGEST_TEXT].decode(errors="replace")


def fields_of(answer: Answer) -> dict[str, Any]:
    """The JSON object in the body; empty where there is none."""
    return object_in(answer.body)


def object_in(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is; empty where it is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
