"""What may be said about a subscriber."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from hub.audience.addresses import normal_email, normal_phone
from hub.content.values import check_text, plain_object
from hub.exceptions import InvalidRequest

MAX_ATTRIBUTES = 16 * 1024
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def check_profile(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` as they are stored. Raises InvalidRequest naming the field that is wrong; empty text clears a field."""
    unknown = fields.keys() - _CHECKS.keys()
    if unknown:
        raise InvalidRequest.on(min(unknown), "There is no such field.", "unknown_field")
    return {name: _CHECKS[name](value) for name, value in fields.items()}


def _name(value: object) -> str:
    return check_text(value, field="name", limit=200)


def _email(value: object) -> str:
    return "" if value == "" else normal_email(value)


def _phone(value: object) -> str:
    return "" if value == "" else normal_phone(value)


def _locale(value: object) -> str:
    text = check_text(value, field="locale", limit=16)
    if text and not _LOCALE.fullmatch(text):
        raise InvalidRequest.on("locale", "Give a language tag, such as de or pt-BR.")
    return text


def _timezone(value: object) -> str:
    text = check_text(value, field="timezone", limit=64)
    if text and text not in _zones():
        raise InvalidRequest.on("timezone", "Give an IANA zone, such as Europe/Berlin.")
    return text


def _attributes(value: object) -> dict[str, Any]:
    return plain_object(value, field="attributes", limit=MAX_ATTRIBUTES)


@cache
def _zones() -> set[str]:
    return available_timezones()


_CHECKS: dict[str, Callable[[object], Any]] = {
    "name": _name,
    "email": _email,
    "phone": _phone,
    "locale": _locale,
    "timezone": _timezone,
    "attributes": _attributes,
}
