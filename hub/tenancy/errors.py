"""Refusals of credentials, each with a stable code that clients can act on."""

from hub.exceptions import Unauthorised


class Refused(Unauthorised):
    """A credential that is not accepted. `code` says why, such as `token_expired`; the message says it to a human."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
