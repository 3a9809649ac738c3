"""REST: accept many notifications in one call."""

from typing import Any

from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from hub.api.body import Fields, body
from hub.api.problems import explain
from hub.api.views import ServerView
from hub.exceptions import InvalidRequest
from hub.notifications.api import brief, wanted
from hub.notifications.models import Notification
from hub.notifications.request import Request
from hub.notifications.services import notify_many

MOST = 1_000


class NotificationBulk(ServerView):
    """`/notifications/bulk`"""

    resource = "notifications"

    def post(self, request: HttpRequest) -> Response:
        """A result each, in the order of the requests. One that is not valid holds up none of the others."""
        read = [_read(entry) for entry in _entries(request)]
        valid = [found for found in read if not isinstance(found, InvalidRequest)]
        results = iter(notify_many(tenant=self.caller.tenant, requests=valid, creator=self.caller.name))
        told = [_result(found if isinstance(found, InvalidRequest) else next(results)) for found in read]
        return Response({"results": told}, status=202)


def _entries(request: HttpRequest) -> list[Any]:
    fields = body(request)
    fields.any("notifications", required=True)
    entries = fields.listing("notifications")
    if len(entries) > MOST:
        fields.wrong("notifications", f"At most {MOST} of them.", "too_long")
    fields.done()
    return entries


def _read(entry: Any) -> Request | InvalidRequest:
    if not isinstance(entry, dict):
        return InvalidRequest.on("notifications", "Must be a list of objects.", "type")
    try:
        return wanted(Fields(entry))
    except InvalidRequest as error:
        return error


def _result(result: Notification | InvalidRequest) -> dict[str, Any]:
    if isinstance(result, InvalidRequest):
        return {"status": result.status, "problem": explain(result)}
    return {"status": 202, "notification": brief(result)}
