"""What every operation has in common, because the base of every view does it: callers, headers, errors."""

from collections.abc import Iterator
from typing import Any

# who else may do what this caller may
TWINS = {"server_key": "server_key_header", "user_token": "session"}

HEADERS = {"X-Request-Id": "RequestId"}
OF_CALLERS = {"RateLimit": "RateLimit", "RateLimit-Policy": "RateLimitPolicy"}
OF_WRITES = {"Idempotent-Replayed": "Replayed"}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with that added to each operation."""
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if method not in ("parameters", "servers"):
                _complete(operation, writes=method != "get", below="{" in path, shared=shared)
    for response in document["components"]["responses"].values():
        _add_headers(response, HEADERS)
    return document


def _complete(operation: dict[str, Any], *, writes: bool, below: bool, shared: list[Any]) -> None:
    callers = {name for requirement in operation["security"] for name in requirement}
    operation["security"] += [
        {TWINS[name]: scopes} for needs in operation["security"] for name, scopes in needs.items() if name in TWINS
    ]
    if added := list(_parameters(callers, writes=writes)):
        operation["parameters"] = [*operation.get("parameters", []), *added]
    asks = bool(shared or operation.get("parameters") or "requestBody" in operation)
    for status, name in _errors(operation, known=bool(callers), writes=writes, below=below, asks=asks):
        operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{name}"})
    for response in operation["responses"].values():
        _add_headers(response, HEADERS | (OF_CALLERS if callers else {}) | (OF_WRITES if callers and writes else {}))


def _parameters(callers: set[str], *, writes: bool) -> Iterator[dict[str, str]]:
    if writes and callers:
        yield {"$ref": "#/components/parameters/IdempotencyKey"}
    if "user_token" in callers:
        yield {"$ref": "#/components/parameters/TenantHeader"}
        if writes:
            yield {"$ref": "#/components/parameters/CsrfToken"}


def _errors(
    operation: dict[str, Any], *, known: bool, writes: bool, below: bool, asks: bool
) -> Iterator[tuple[str, str]]:
    yield "400", "Malformed"
    if known:
        yield "401", "Unauthorised"
        yield "403", "Forbidden"
        yield "429", "RateLimited"
        yield "503", "Unavailable"
    if below:
        yield "404", "NotFound"
    if writes:
        yield "409", "Conflict"
    if "requestBody" in operation:
        yield "413", "TooLarge"
        yield "415", "UnsupportedMediaType"
    if asks or known:
        yield "422", "Invalid"
    yield "500", "Internal"


def _add_headers(response: dict[str, Any], headers: dict[str, str]) -> None:
    if "$ref" not in response:
        references = {name: {"$ref": f"#/components/headers/{header}"} for name, header in headers.items()}
        response["headers"] = response.get("headers", {}) | references
