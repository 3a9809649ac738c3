"""REST: what may be done once a notification has been accepted."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body
from hub.api.views import ServerView
from hub.notifications.api import shown
from hub.notifications.replay import replay
from hub.notifications.retract import retract


class NotificationRetract(ServerView):
    """`/notifications/{id}/retract`"""

    resource = "notifications"

    def post(self, request: Request, notification_id: UUID) -> Response:
        body(request).done()
        found = retract(tenant=self.caller.tenant, notification_id=notification_id)
        return Response(shown(found), status=202)


class NotificationReplay(ServerView):
    """`/notifications/{id}/replay`"""

    resource = "notifications"

    def post(self, request: Request, notification_id: UUID) -> Response:
        fields = body(request)
        to = fields.any("to")
        fields.done()
        caller = self.caller
        again = replay(tenant=caller.tenant, notification_id=notification_id, creator=caller.name, to=to)
        return Response(shown(again), status=202)
