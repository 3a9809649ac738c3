"""Django's own error pages (`handler400` …): problem documents below /api/, Django's pages elsewhere."""

from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.views import defaults

from hub.api.middleware import is_api
from hub.api.problems import problem


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. Who asks for another host's page is told in JSON too: no page of ours was meant."""
    host = isinstance(exception, DisallowedHost)
    if host or is_api(request):
        detail = "The Host header names none of the hub's own hosts." if host else "The request can't be understood."
        return problem(request, 400, "malformed", detail)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403"""
    if is_api(request):
        return problem(request, 403, "forbidden", "This is not allowed.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404"""
    if is_api(request):
        return problem(request, 404, "not_found", "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest, *_: Any) -> HttpResponse:
    """500"""
    if is_api(request):
        return problem(request, 500, "internal", "The hub failed; its log has the request id.")
    return defaults.server_error(request)
