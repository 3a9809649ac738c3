"""REST: the OpenAPI document."""

from django.http import HttpResponse
from rest_framework.request import Request

from hub.api.openapi.document import encoded
from hub.api.views import HubView

# It changes with the hub's version only.
CACHED = {"Cache-Control": "public, max-age=300"}


class OpenApi(HubView):
    """`/openapi.json`"""

    authentication_classes = []

    def get(self, request: Request) -> HttpResponse:
        text, etag = encoded()
        headers = {**CACHED, "ETag": etag, "Access-Control-Allow-Origin": "*"}
        if etag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(text, content_type="application/json", headers=headers)
