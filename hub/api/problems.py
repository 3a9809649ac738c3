"""Errors as RFC 9457 problem documents, from whatever layer they come."""

import logging
from math import ceil
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions as drf

from hub.exceptions import HubError, InvalidRequest

log = logging.getLogger("hub.api")

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}
# what REST framework raises by itself
CODES = {
    400: "malformed",
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}


class PayloadTooLarge(HubError):
    """The body is bigger than `conf.max_body`."""

    code = "too_large"
    status = 413


class Malformed(HubError):
    """The body is no JSON, or the path no UTF-8."""

    code = "malformed"
    status = 400


class InFlight(HubError):
    """Another request with the same idempotency key has not finished."""

    code = "idempotency_in_flight"
    status = 409
    retry_after = 1


class RateLimited(HubError):
    """The caller asks too often."""

    code = "rate_limited"
    status = 429

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def problem(
    request: Any, status: int, code: str, detail: str, *, errors: list[dict[str, str]] | None = None
) -> HttpResponse:
    """The answer for an error. `errors` name fields: `[{"field", "code", "message"}]`."""
    document = _document(status, code, detail, errors or [])
    document |= {"request_id": getattr(request, "hub_request_id", ""), "instance": request.path}
    answer = HttpResponse(_encode(document), status=status, content_type=MEDIA_TYPE)
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="hub"'
    return answer


def explain(error: InvalidRequest) -> dict[str, Any]:
    """The problem document of one request among many: without `request_id` and `instance`, which they have in common."""
    errors = [{"field": e.field, "code": e.code, "message": e.message} for e in error.errors]
    return _document(error.status, error.code, error.message, errors)


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """What REST framework calls for every exception of a view, expected or not."""
    request = getattr(context["request"], "_request", context["request"])
    return answer_for(error, request)


def answer_for(error: Exception, request: HttpRequest) -> HttpResponse:
    """The problem document for any exception. What is nobody's fault but ours is logged and hidden."""
    match error:
        case InvalidRequest():
            return problem(request, error.status, error.code, error.message, errors=explain(error)["errors"])
        case HubError():
            answer = problem(request, error.status, error.code, error.message)
            if error.retry_after is not None:
                answer["Retry-After"] = str(max(ceil(error.retry_after), 1))
            return answer
        case RequestDataTooBig():
            return problem(request, 413, "too_large", "The body is too large.")
        case TooManyFieldsSent():
            return problem(request, 400, "malformed", "The address has too many parameters.")
        case drf.APIException():
            return _from_drf(error, request)
        case Http404():
            return problem(request, 404, "not_found", "There is nothing at this address.")
        case PermissionDenied():
            return problem(request, 403, "forbidden", "This is not allowed.")
    log.error("request %s failed", getattr(request, "hub_request_id", ""), exc_info=error)
    return problem(request, 500, "internal", "The hub failed; its log has the request id.")


def _from_drf(error: drf.APIException, request: HttpRequest) -> HttpResponse:
    status = error.status_code
    answer = problem(request, status, CODES.get(status, "internal"), str(error.detail))
    wait = getattr(error, "wait", None)
    if wait:
        answer["Retry-After"] = str(int(wait))
    return answer


def _document(status: int, code: str, detail: str, errors: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "type": f"urn:hub:problem:{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": errors,
    }


def _encode(document: dict[str, Any]) -> bytes:
    """Parts come from the request, so they may hold what UTF-8 can't."""
    try:
        return orjson.dumps(document)
    except TypeError:
        shown = {k: v.encode(errors="replace").decode() if isinstance(v, str) else v for k, v in document.items()}
        return orjson.dumps(shown)
