"""One request, whichever version of HTTP brought it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from project.emulators.script import Refusal


@dataclass(frozen=True)
class Request:
    """`path` is what follows the emulator's own address, without the query. Names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        return last_values(urlsplit(self.target).query)

    @cached_property
    def form(self) -> dict[str, str]:
        """A form's fields, the last of each name."""
        return last_values(self.body.decode(errors="replace"))

    @cached_property
    def json(self) -> dict[str, Any]:
        """Raises Refusal(400): this isn't a JSON object."""
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise Refusal(400, message=f"The body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise Refusal(400, message="The body is not an object.")
        return value

    @cached_property
    def bearer(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @cached_property
    def basic(self) -> tuple[str, str]:
        """User and password, or two empty words."""
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "", ""
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return "", ""
        return user, password


def last_values(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
