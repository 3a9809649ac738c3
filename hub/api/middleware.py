"""What surrounds every request: its id, its length, and paths whose segments keep their encoded characters."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hub.ids import uuid7
from hub.trace import tracing

HEADER = "X-Request-Id"
API = "/api/"
_SAFE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")

Answer = Callable[[HttpRequest], HttpResponseBase]


class RequestIdMiddleware:
    """Takes the caller's `X-Request-Id` when it is harmless, else makes one; every answer and problem carries it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        _keep_encoded(request)
        _measure(request)
        with identified(request) as request_id:
            response = self.get_response(request)
        response[HEADER] = request_id
        return response


@contextmanager
def identified(request: HttpRequest) -> Iterator[str]:
    """The request's id, on every log line and every record that is made meanwhile. The views do it where a host project leaves
    the middleware out."""
    if not hasattr(request, "hub_request_id"):
        given = request.headers.get(HEADER, "")
        request.hub_request_id = given if _SAFE_ID.fullmatch(given) else uuid7().hex  # type: ignore[attr-defined]
    request_id: str = request.hub_request_id  # type: ignore[attr-defined]
    with tracing(request_id=request_id):
        yield request_id


def is_api(request: HttpRequest) -> bool:
    """Whether an answer should be JSON."""
    return API in request.path


def _measure(request: HttpRequest) -> None:
    """A body that comes in chunks has no Content-Length, which REST framework takes for no body."""
    if is_api(request) and not request.META.get("CONTENT_LENGTH"):
        request.META["CONTENT_LENGTH"] = str(len(request.body))


def _keep_encoded(request: HttpRequest) -> None:
    """Route API requests by their encoded path, as a subscriber's id may hold a slash. Segments are decoded later.

    ASGI gives the raw path. Where there is none, the decoded path is encoded again, which loses encoded slashes only.
    """
    if not request.path_info.startswith(API):
        return
    raw = getattr(request, "scope", {}).get("raw_path")
    encoded = raw.decode("latin-1").partition("?")[0] if raw else ""
    prefix = quote(request.path.removesuffix(request.path_info), safe="/%")
    encoded = encoded.removeprefix(prefix)
    if not encoded or not _ENCODED.fullmatch(encoded):
        encoded = quote(request.path_info, safe="/:@!$&'()*+,;=~")
    request.path_info = encoded
