"""REST: what may be done once a notification has been accepted."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body
from hub.api.views import ServerView
from hub.notifications.api import shown
from hub.notifications.retract import retract


class NotificationRetract(ServerView):
    """`/notifications/{id}/retract`"""

    resource = "notifications"

    def post(self, request: Request, notification_id: UUID) -> Response:
        body(request).done()
        found = retract(tenant=self.caller.tenant, notification_id=notification_id)
        return Response(shown(found), status=202)
