"""Filters over subscribers: checked where they are written, and compiled to SQL with parameters alone.

A filter is an object of conditions that all hold: `{"attributes.plan": "pro", "locale": {"in": ["de", "fr"]}}`. `and` and `or`
take a list of filters, `not` takes one. What a subscriber lacks meets no condition but `ne` and `exists: false`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hub.audience.profile import MAX_DEPTH as ATTRIBUTE_DEPTH
from hub.clock import parse_instant
from hub.content.values import check_text
from hub.exceptions import InvalidRequest

MAX_DEPTH = 5
MAX_CONDITIONS = 50
MAX_VALUES = 500
MAX_TEXT = 500
COLUMNS = ("name", "email", "phone", "locale", "timezone")
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on `hub_subscriber s`, true or false and never null, with its arguments."""

    sql: str
    arguments: tuple[Any, ...] = ()


def any_of(parts: Sequence[Where]) -> Where:
    """One of them holds; of none, none does."""
    return _joined(parts, " OR ") if parts else Where("false")


def all_of(parts: Sequence[Where]) -> Where:
    """All of them hold."""
    return _joined(parts, " AND ")


def negated(part: Where) -> Where:
    """It does not hold."""
    return Where(f"NOT ({part.sql})", part.arguments)


def compiled(value: Any, *, field: str = "filter") -> Where:
    """The condition that a filter is. Raises InvalidRequest naming the path that is wrong, below `field`."""
    return _Compiler().where(value, field, 0)


def _joined(parts: Sequence[Where], word: str) -> Where:
    return Where(f"({word.join(part.sql for part in parts)})", tuple(a for part in parts for a in part.arguments))


class _Compiler:
    """Walks one filter, and counts its conditions."""

    def __init__(self) -> None:
        self._conditions = 0

    def where(self, value: Any, path: str, depth: int) -> Where:
        if not isinstance(value, dict) or not value:
            raise InvalidRequest.on(path, "Must be an object with a condition or more.", "type")
        if depth > MAX_DEPTH:
            raise InvalidRequest.on(path, f"Nested deeper than {MAX_DEPTH} levels.", "too_deep")
        return all_of([self._part(name, below, f"{path}.{name}"[:300], depth) for name, below in value.items()])

    def _part(self, name: str, below: Any, path: str, depth: int) -> Where:
        if name == "not":
            return negated(self.where(below, path, depth + 1))
        if name in ("and", "or"):
            if not isinstance(below, list) or not below:
                raise InvalidRequest.on(path, "Must be a list of filters.", "type")
            parts = [self.where(part, f"{path}.{index}", depth + 1) for index, part in enumerate(below)]
            return all_of(parts) if name == "and" else any_of(parts)
        return self._tests(_tests_of(name, path), below, path)

    def _tests(self, tests: "_Tests", below: Any, path: str) -> Where:
        wanted = below if isinstance(below, dict) else {"eq": below}
        parts = []
        for word, value in wanted.items():
            at = path if wanted is not below else f"{path}.{word}"
            if word not in tests:
                raise InvalidRequest.on(at, f"Use one of {', '.join(tests)}.")
            parts.append(tests[word](value, at))
        self._conditions += max(1, len(parts))
        if self._conditions > MAX_CONDITIONS:
            raise InvalidRequest.on(path, f"At most {MAX_CONDITIONS} conditions.", "too_long")
        if not parts:
            raise InvalidRequest.on(path, f"Use one of {', '.join(tests)}.", "required")
        return all_of(parts)


_Tests = dict[str, Callable[[Any, str], Where]]


def _tests_of(name: str, path: str) -> _Tests:
    """What can be asked of a field, by word."""
    if name in COLUMNS:
        return _column(name)
    if name == "created_at":
        return {word: _moment(sign) for word, sign in COMPARISONS.items()}
    head, *keys = name.split(".")
    if head != "attributes" or not 1 <= len(keys) <= ATTRIBUTE_DEPTH or not all(keys):
        fields = ", ".join((*COLUMNS, "created_at"))
        raise InvalidRequest.on(path, f"Use and, or, not, {fields}, or attributes.<key>.", "unknown_field")
    return _attribute([check_text(key, field=path, limit=MAX_TEXT, control=True) for key in keys])


def _column(name: str) -> _Tests:
    """A text of the profile; empty is absent."""
    column = f"s.{name}"

    def compare(sign: str) -> Callable[[Any, str], Where]:
        return lambda value, path: Where(f"({column} <> '' AND {column} {sign} %s)", (_text(value, path),))

    return {
        "eq": lambda value, path: Where(f"{column} = %s", (_text(value, path),)),
        "ne": lambda value, path: Where(f"{column} <> %s", (_text(value, path),)),
        "in": lambda value, path: Where(f"{column} = ANY(%s::text[])", (_values(value, path, _text),)),
        "exists": lambda value, path: Where(f"({column} <> '') = %s", (_flag(value, path),)),
        **{word: compare(sign) for word, sign in COMPARISONS.items()},
    }


def _moment(sign: str) -> Callable[[Any, str], Where]:
    def test(value: Any, path: str) -> Where:
        instant = parse_instant(_text(value, path))
        if instant is None:
            raise InvalidRequest.on(path, "Must be ISO-8601 with an offset, such as 2030-01-31T09:00:00Z.")
        return Where(f"s.created_at {sign} %s", (instant,))

    return test


def _attribute(keys: list[str]) -> _Tests:
    """A value in the attributes. Numbers are compared with numbers, texts with texts."""
    found = "s.attributes #> %s::text[]"

    def equal(value: Any, path: str) -> Where:
        return Where(f"COALESCE({found} = %s::jsonb, false)", (keys, _json(value, path)))

    def compare(sign: str) -> Callable[[Any, str], Where]:
        def test(value: Any, path: str) -> Where:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise InvalidRequest.on(path, "Must be a number or a string.", "type")
            kind = "string" if isinstance(value, str) else "number"
            sql = f"COALESCE(jsonb_typeof({found}) = %s AND {found} {sign} %s::jsonb, false)"
            return Where(sql, (keys, kind, keys, _json(value, path)))

        return test

    return {
        "eq": equal,
        "ne": lambda value, path: negated(equal(value, path)),
        "in": lambda value, path: Where(
            f"COALESCE({found} = ANY(%s::jsonb[]), false)", (keys, _values(value, path, _json))
        ),
        "contains": lambda value, path: Where(
            f"COALESCE(jsonb_typeof({found}) = 'array' AND {found} @> %s::jsonb, false)",
            (keys, keys, _json(value, path)),
        ),
        "exists": lambda value, path: Where(f"({found} IS NOT NULL) = %s", (keys, _flag(value, path))),
        **{word: compare(sign) for word, sign in COMPARISONS.items()},
    }


def _text(value: Any, path: str) -> str:
    return check_text(value, field=path, limit=MAX_TEXT, control=True)


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest.on(path, "Must be true or false.", "type")
    return value


def _json(value: Any, path: str) -> str:
    if isinstance(value, str):
        _text(value, path)
    elif not isinstance(value, bool | int | float):
        raise InvalidRequest.on(path, "Must be a string, a number, true or false.", "type")
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise InvalidRequest.on(path, f"Is not JSON: {error}.") from error


def _values(value: Any, path: str, each: Callable[[Any, str], str]) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_VALUES:
        raise InvalidRequest.on(path, f"Must be a list of 1 to {MAX_VALUES} values.", "type")
    return [each(one, f"{path}.{index}") for index, one in enumerate(value)]
