"""The errors that the domain raises. Each carries the code that the REST problem document and the error frame show."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_FIELD = 200


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request. `field` is a dotted path, such as `to.0.email`; it is cut, since callers
    make up names of any length."""

    field: str
    code: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", self.field[:MAX_FIELD])


class HubError(Exception):
    """Base of every error that a caller may see."""

    code = "error"
    status = 400
    # seconds after which it may go better
    retry_after: float | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(HubError):
    """The request makes no sense; `errors` names each field."""

    code = "invalid_request"
    status = 422

    def __init__(self, message: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors = list(errors)

    def under(self, path: str) -> "InvalidRequest":
        """The same error, of a field that lies under `path`."""
        errors = [FieldError(f"{path}.{e.field}".rstrip("."), e.code, e.message) for e in self.errors]
        return type(self)(f"{path}: {self.message}", errors)

    @classmethod
    def on(cls, field: str, message: str, code: str = "invalid") -> "InvalidRequest":
        """An error about a single field."""
        error = FieldError(field, code, message)
        return cls(f"{error.field}: {message}", [error])


class NotFound(HubError):
    """There is no such thing in this tenant; a stranger's thing is no such thing either."""

    code = "not_found"
    status = 404


class Conflict(HubError):
    """The thing is no longer in a state that allows this."""

    code = "conflict"
    status = 409


class Forbidden(HubError):
    """Known, but not allowed."""

    code = "forbidden"
    status = 403


class Unauthorised(HubError):
    """Credentials are missing, malformed, expired or revoked."""

    code = "unauthorised"
    status = 401
