"""REST: the OpenAPI document, and a page that shows it."""

from urllib.parse import urlsplit

from django.apps import apps
from django.http import HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from rest_framework.request import Request

from hub.api.openapi.document import encoded
from hub.api.views import HubView

# It changes with the hub's version only.
CACHED = {"Cache-Control": "public, max-age=300"}
# Swagger UI's files. A host project need not have them.
ASSETS = "drf_spectacular_sidecar"


class OpenApi(HubView):
    """`/openapi.json`"""

    authentication_classes = []

    def get(self, request: Request) -> HttpResponse:
        text, etag = encoded()
        headers = {**CACHED, "ETag": etag, "Access-Control-Allow-Origin": "*"}
        if etag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(text, content_type="application/json", headers=headers)


class Docs(HubView):
    """`/docs`: the document in Swagger UI, or which line its files are missing for."""

    authentication_classes = []

    def get(self, request: Request) -> HttpResponse:
        page = render(request, "hub/docs.html", {"app": ASSETS, "assets": apps.is_installed(ASSETS)})
        page["Content-Security-Policy"] = _policy()
        return page


def _policy() -> str:
    """Nothing inline, and nothing from elsewhere but static files, where a host project serves them there."""
    files = urlsplit(static("hub-docs/docs.css")).netloc or "'self'"
    return (
        f"default-src 'none'; script-src {files}; style-src {files}; img-src {files} data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
