"""The page behind the unsubscribe link of a mail. Looking at it changes nothing: scanners follow every link."""

from secrets import token_urlsafe
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from hub.exceptions import NotFound
from hub.preferences.unsubscribe import read_link, switch_mail
from hub.tenancy.branding import branding_of

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


# The link is its own credential: mail services post to it without a session, and nothing else is done by it.
@method_decorator([csrf_exempt, transaction.non_atomic_requests], name="dispatch")
class Unsubscribe(View):
    """`/unsubscribe/{token}`"""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, token, None)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Switch off; with the field `again`, on. Mail services send `List-Unsubscribe=One-Click`."""
        return self._page(request, token, "again" in request.POST)

    def _page(self, request: HttpRequest, token: str, on: bool | None) -> HttpResponse:
        context: dict[str, Any] = {"on": on, "nonce": token_urlsafe(16)}
        try:
            context["about"] = about = read_link(token)
            if about.subscriber:
                context["brand"] = branding_of(about.subscriber.tenant)
            if on is not None:
                switch_mail(about, on=on)
        except NotFound:
            return self._rendered(request, context, 404)
        return self._rendered(request, context, 200)

    def _rendered(self, request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
        page = render(request, "hub/unsubscribe.html", context, status=status)
        for name, value in _HEADERS.items():
            page[name] = value
        page["Content-Security-Policy"] = _policy(context["nonce"])
        return page


def _policy(nonce: str) -> str:
    """Nothing runs. The tenant's logo may come from anywhere, its colour stands in the page."""
    return (
        f"default-src 'none'; style-src 'self' https: 'nonce-{nonce}'; img-src https:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
