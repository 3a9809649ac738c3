"""What PostgreSQL and JSON can hold: checks for text and JSON that come from outside."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import orjson

from hub.exceptions import InvalidRequest

# what takes a value and the field that it is of, and gives it back as it is stored
Check = Callable[[object, str], Any]

MAX_DEPTH = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def check_text(value: object, *, field: str, limit: int, control: bool = False) -> str:
    """`value` as text that can be stored: no NUL, no lone surrogate, at most `limit` characters.

    Unless `control` is true, line breaks and other control characters are refused too.
    """
    if not isinstance(value, str):
        raise InvalidRequest.on(field, "Must be a string.", "type")
    if len(value) > limit:
        raise InvalidRequest.on(field, f"At most {limit} characters.", "too_long")
    if "\x00" in value or not storable(value):
        raise InvalidRequest.on(field, "NUL and lone surrogates can't be stored.", "characters")
    if not control and _CONTROL.search(value):
        raise InvalidRequest.on(field, "Control characters are not allowed.", "characters")
    return value


def line(limit: int) -> Check:
    """The check of one line of at most `limit` characters, without the blanks around it."""
    return lambda value, field: check_text(value, field=field, limit=limit).strip()


def storable(text: str) -> bool:
    """Whether PostgreSQL takes `text`: UTF-8 without NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def check_json(value: object, *, field: str) -> None:
    """Refuse what jsonb can't hold: NUL in any string or key, and nesting deeper than MAX_DEPTH."""
    for path, depth, part in _walk(field, value):
        if depth > MAX_DEPTH:
            at = field or path.partition(".")[0]
            raise InvalidRequest.on(at, f"Nested deeper than {MAX_DEPTH} levels.", "too_deep")
        if isinstance(part, str) and not storable(part):
            raise InvalidRequest.on(path, "NUL and lone surrogates can't be stored.", "characters")


def known_object(value: object, *, field: str, known: Collection[str]) -> dict[str, Any]:
    """`value` as an object that has no other fields than the `known`. Raises InvalidRequest of `field`, or of what is below."""
    if not isinstance(value, dict):
        raise InvalidRequest.on(field, "Must be an object.", "type")
    for name in value:
        if name not in known:
            path = f"{field}.{name}".lstrip(".")
            raise InvalidRequest.on(path, f"There is no such field: use {', '.join(known)}.", "unknown_field")
    return value


def checked_object(value: object, *, field: str, checks: Mapping[str, Check]) -> dict[str, Any]:
    """`value` as an object of some of the fields that have a check, each as that gives it back."""
    fields = known_object(value, field=field, known=checks)
    return {name: checks[name](given, f"{field}.{name}") for name, given in fields.items()}


# a number with an exponent, or a text that looks like one
_EXPONENT = re.compile(rb"\de\+?\d")
LARGEST = 2.0**63


def plain_object(value: object, *, field: str, limit: int) -> dict[str, Any]:
    """`value` as a JSON object of at most `limit` bytes. Dates and UUIDs from Python code become strings."""
    if not isinstance(value, dict):
        raise InvalidRequest.on(field, "Must be an object.", "type")
    try:
        encoded = orjson.dumps(value)
    except (TypeError, ValueError) as error:
        raise InvalidRequest.on(field, f"Is not JSON: {error}.") from error
    if len(encoded) > limit:
        raise InvalidRequest.on(field, f"At most {limit} bytes as JSON.", "too_long")
    if b"\\u0000" in encoded or encoded.count(b"[") + encoded.count(b"{") > MAX_DEPTH:
        check_json(value, field=field)
    if _EXPONENT.search(encoded):
        _check_numbers(field, value)
    plain: dict[str, Any] = orjson.loads(encoded)
    return plain


def _check_numbers(field: str, value: object) -> None:
    """PostgreSQL gives 1e30 back as an integer, which has no place in 64 bits: nobody could be shown it again."""
    for path, _, part in _walk(field, value):
        if isinstance(part, float) and abs(part) >= LARGEST:
            raise InvalidRequest.on(path, f"Numbers are smaller than {LARGEST:.0e}.", "invalid")


def _walk(path: str, value: object) -> Iterator[tuple[str, int, object]]:
    """Every value and key below `value` with its dotted path and depth, without recursion."""
    stack: list[tuple[str, int, object]] = [(path, 0, value)]
    while stack:
        path, depth, part = stack.pop()
        yield path, depth, part
        if depth > MAX_DEPTH:
            continue
        prefix = f"{path}." if path else ""
        if isinstance(part, dict):
            stack.extend((f"{prefix}{_shown(key)}", depth + 1, key) for key in part)
            stack.extend((f"{prefix}{_shown(key)}", depth + 1, child) for key, child in part.items())
        elif isinstance(part, list | tuple):
            stack.extend((f"{prefix}{index}", depth + 1, child) for index, child in enumerate(part))


def _shown(key: object) -> str:
    """A key as it can be shown in an error."""
    return str(key).replace("\x00", "\\u0000").encode(errors="replace").decode()[:100]
