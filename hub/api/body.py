"""Reading bodies and query strings field by field; every complaint names its field, and all come together."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from hub.api.problems import Malformed
from hub.clock import parse_instant
from hub.content.values import storable
from hub.exceptions import FieldError, InvalidRequest
from hub.ids import parse_uuid


class Fields:
    """The fields of a JSON object. Each method takes one out; `done` raises for all that was wrong or is left over."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._known: set[str] = set()
        self._errors: list[FieldError] = []

    def any(self, name: str, *, required: bool = False) -> Any:
        """Whatever JSON is there, else None."""
        self._known.add(name)
        value = self._values.get(name)
        if value is None and required:
            self.wrong(name, "Is required.", "required")
        return value

    def text(self, name: str, *, default: str = "", required: bool = False, limit: int = 10_000_000) -> str:
        """A string; null counts as absent."""
        value = self._typed(name, str, "Must be a string.", required)
        if value is None:
            return default
        if len(value) > limit:
            self.wrong(name, f"At most {limit} characters.", "too_long")
        elif required and not value:
            self.wrong(name, "Is required.", "required")
        return str(value)

    def whole(self, name: str, *, default: int, low: int, high: int, required: bool = False) -> int:
        """A whole number between `low` and `high`; in a query string its digits."""
        value = self.any(name, required=required)
        if value is None:
            return default
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.wrong(name, f"Must be a whole number from {low} to {high}.")
            return default
        return value

    def flag(self, name: str, *, default: bool = False, required: bool = False) -> bool:
        """True or false; null counts as absent."""
        value = self._typed(name, bool, "Must be true or false.", required)
        return default if value is None else bool(value)

    def listing(self, name: str) -> list[Any]:
        """A list; null counts as absent."""
        return self._typed(name, list, "Must be a list.", False) or []

    def texts(self, name: str, *, required: bool = False, most: int) -> list[str]:
        """A list of strings."""
        values = self._typed(name, list, "Must be a list.", required) or []
        if len(values) > most:
            self.wrong(name, f"At most {most} of them.", "too_long")
        if not all(isinstance(value, str) for value in values):
            self.wrong(name, "Must be a list of strings.", "type")
        return values

    def object(self, name: str) -> dict[str, Any] | None:
        """A JSON object, else None."""
        found: dict[str, Any] | None = self._typed(name, dict, "Must be an object.", False)
        return found

    def moment(self, name: str) -> datetime | None:
        """An instant: ISO-8601 with its offset."""
        text = self._typed(name, str, "Must be a string.", False)
        if text is None:
            return None
        instant = parse_instant(text)
        if instant is None:
            self.wrong(name, "Must be ISO-8601 with an offset, such as 2030-01-31T09:00:00Z.")
        return instant

    def identifier(self, name: str) -> UUID | None:
        """An id of ours, else None."""
        text = self._typed(name, str, "Must be a string.", False)
        found = None if text is None else parse_uuid(text)
        if text is not None and found is None:
            self.wrong(name, "Must be an id.")
        return found

    def choice(self, name: str, allowed: Mapping[str, str] | list[str], *, required: bool = False) -> str | None:
        """One of `allowed`, else None."""
        value = self._typed(name, str, "Must be a string.", required)
        if value is not None and value not in allowed:
            self.wrong(name, f"Use one of {', '.join(allowed)}.")
        return None if value is None else str(value)

    def given(self, *names: str) -> dict[str, Any]:
        """Those of `names` that are there, null included."""
        self._known.update(names)
        return {name: self._values[name] for name in names if name in self._values}

    def only(self, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """What is left of the body: those of `defaults` that are there, null standing for the default. Raises as `done`."""
        given = self.given(*defaults)
        self.done()
        return {name: defaults[name] if value is None else value for name, value in given.items()}

    def wrong(self, field: str, message: str, code: str = "invalid") -> None:
        """Note what is wrong with a field."""
        self._errors.append(FieldError(field, code, message))

    def done(self) -> None:
        """Raise InvalidRequest for everything that was wrong, unknown fields included."""
        unknown = [name for name in self._values if name not in self._known]
        for name in unknown[:20]:
            self.wrong(str(name)[:100], "There is no such field.", "unknown_field")
        if self._errors:
            raise InvalidRequest(" ".join(f"{e.field}: {e.message}" for e in self._errors[:3]), self._errors)

    def _typed(self, name: str, kind: type, message: str, required: bool) -> Any:
        value = self.any(name, required=required)
        if value is not None and not isinstance(value, kind):
            self.wrong(name, message, "type")
            return None
        return value


def body(request: Request) -> Fields:
    """The body of a request, which must be a JSON object."""
    if not isinstance(request.data, dict):
        raise Malformed("The body must be a JSON object.")
    return Fields(request.data)


def query(request: Request) -> Fields:
    """The query string. A name that is given twice counts once: the last."""
    return Fields(request.query_params.dict())


def refuse_nul(query_params: Mapping[str, Any], path: Mapping[str, Any]) -> None:
    """PostgreSQL refuses NUL in text, so an address with one names nothing that could exist."""
    for name, value in [*query_params.items(), *path.items()]:
        if isinstance(value, str) and not storable(value):
            raise InvalidRequest.on(name, "NUL and lone surrogates are not allowed.", "characters")
