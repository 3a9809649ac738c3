"""REST: what may be done, and asked, once notifications have been accepted."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.views import ServerView, UserView
from hub.content.template_api import filling
from hub.inbox.api import PRIVATE
from hub.notifications.analytics import MAX_DAYS, analytics
from hub.notifications.api import shown
from hub.notifications.replay import replay
from hub.notifications.retract import retract
from hub.notifications.trial import send_trial
from hub.notifications.why import why


class NotificationRetract(ServerView):
    """`/notifications/{id}/retract`"""

    resource = "notifications"

    def post(self, request: Request, notification_id: UUID) -> Response:
        body(request).done()
        caller = self.caller
        found = retract(tenant=caller.tenant, notification_id=notification_id, by=caller.name)
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


class TemplateTest(ServerView):
    """`/templates/{key}/test`"""

    resource = "notifications"

    def post(self, request: Request, key: str) -> Response:
        fields = body(request)
        to, channels = fields.any("to", required=True), fields.any("channels")
        wanted = filling(fields)
        fields.done()
        caller = self.caller
        sent = send_trial(tenant=caller.tenant, key=key, creator=caller.name, to=to, channels=channels, **wanted)
        return Response(shown(sent), status=202)


class Analytics(ServerView):
    """`/analytics`"""

    resource = "notifications"

    def get(self, request: Request) -> Response:
        fields = query(request)
        days = fields.whole("days", default=30, low=1, high=MAX_DAYS)
        fields.done()
        return Response(analytics(tenant=self.caller.tenant, days=days))


class InboxItemWhy(UserView):
    """`/inbox/{id}/why`"""

    def get(self, request: Request, item_id: UUID) -> Response:
        query(request).done()
        return Response(why(subscriber=self.caller.subscriber, item_id=item_id), headers=PRIVATE)
