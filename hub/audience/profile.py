"""What may be said about a subscriber."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import orjson

from hub.audience.addresses import normal_email, normal_phone
from hub.content import locales
from hub.content.values import check_text, plain_object
from hub.exceptions import InvalidRequest

MAX_ATTRIBUTES = 16 * 1024
MAX_DEPTH = 5
EMPTY: dict[str, Any] = {"name": "", "email": "", "phone": "", "locale": "", "timezone": "", "attributes": {}}


def check_profile(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` as changes of a profile. Raises InvalidRequest naming the field that is wrong.

    None empties a field, as empty text does; within `attributes` it removes a key.
    """
    unknown = fields.keys() - _CHECKS.keys()
    if unknown:
        raise InvalidRequest.on(min(unknown), "There is no such field.", "unknown_field")
    return {name: None if value is None else _CHECKS[name](value) for name, value in fields.items()}


def changed(profile: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A whole profile after `changes`. Raises InvalidRequest when its attributes have become too big."""
    result = {**profile, **{name: EMPTY[name] if value is None else value for name, value in changes.items()}}
    if changes.get("attributes"):
        result["attributes"] = merged(profile["attributes"], changes["attributes"])
        if len(orjson.dumps(result["attributes"])) > MAX_ATTRIBUTES:
            raise InvalidRequest.on("attributes", f"At most {MAX_ATTRIBUTES} bytes as JSON, merged.", "too_long")
    return result


def merged(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396: objects are merged key by key, null removes a key, everything else replaces what was there."""
    result = dict(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def _name(value: object) -> str:
    return check_text(value, field="name", limit=200)


def _email(value: object) -> str:
    return "" if value == "" else normal_email(value)


def _phone(value: object) -> str:
    return "" if value == "" else normal_phone(value)


def check_locale(value: object) -> str:
    """`value` as a language tag, spelt as it is given, or empty."""
    if value != "":
        locales.check_locale(value, field="locale")
    return str(value)


def _timezone(value: object) -> str:
    text = check_text(value, field="timezone", limit=64)
    if text and text not in _zones():
        raise InvalidRequest.on("timezone", "Give an IANA zone, such as Europe/Berlin.")
    return text


def _attributes(value: object) -> dict[str, Any]:
    attributes = plain_object(value, field="attributes", limit=MAX_ATTRIBUTES)
    if _depth(attributes) > MAX_DEPTH:
        raise InvalidRequest.on("attributes", f"Nested deeper than {MAX_DEPTH} levels.", "too_deep")
    return attributes


def _depth(value: object) -> int:
    """Levels of objects and lists."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if below is None else 1 + max(map(_depth, below), default=0)


@cache
def _zones() -> set[str]:
    return available_timezones()


_CHECKS: dict[str, Callable[[object], Any]] = {
    "name": _name,
    "email": _email,
    "phone": _phone,
    "locale": check_locale,
    "timezone": _timezone,
    "attributes": _attributes,
}
