"""Which pages may call: those that a tenant lists, and the hub's own. A listed one may read the answers of the user API."""

from typing import Any

from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from hub.api.authentication import Caller, Operator, User
from hub.exceptions import Forbidden
from hub.tenancy.models import Tenant
from hub.tenancy.origins import check_origin, is_listed, is_own

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
HEADERS = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Hub-Tenant, X-Request-Id"
EXPOSED = "ETag, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
# seconds for which a browser may remember a preflight
MAX_AGE = "600"


def refuse_strange(request: Request, caller: Caller) -> None:
    """Raises Forbidden when a page asks that the caller's tenant doesn't let in, whatever credential the page has."""
    if not isinstance(caller, Operator):
        by_cookie = isinstance(caller, User) and caller.expires_at is None
        check_origin(caller.tenant, request.headers.get("Origin"), request.headers.get("Host"), by_cookie=by_cookie)


def preflight(request: Request) -> dict[str, str]:
    """The headers of a preflight's answer; raises Forbidden. Who asks is not known yet, so any tenant's origin will do."""
    origin = request.headers.get("Origin")
    if origin is None or is_own(origin, request.headers.get("Host")):
        return {}
    if not _listed(origin):
        raise Forbidden("No tenant lists this origin.")
    return {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": MAX_AGE,
    }


def share(request: Request, answer: HttpResponseBase) -> HttpResponseBase:
    """Let the asking page read the answer, when its origin is listed: by the caller's tenant, if there is a caller."""
    caller: Any = getattr(request, "_user", None)
    allow(request.headers.get("Origin", ""), answer, caller and caller.tenant)
    return answer


def allow(origin: str, answer: HttpResponseBase, tenant: Tenant | None) -> None:
    """Give `answer` the headers that let pages of `origin` read it, when `tenant` lists it; without one, when any does."""
    patch_vary_headers(answer, ["Origin"])
    if is_listed(tenant, origin) if tenant is not None else _listed(origin):
        answer["Access-Control-Allow-Origin"] = origin
        answer["Access-Control-Expose-Headers"] = EXPOSED


def _listed(origin: str) -> bool:
    """By any tenant; a suspended one too, as its pages have to be able to read why they are refused."""
    listed = Tenant.objects.filter(allowed_origins__contains=[origin.lower()])
    return bool(origin) and "\x00" not in origin and listed.exists()
