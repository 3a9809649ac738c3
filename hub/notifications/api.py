"""REST: accept notifications, and see what became of them."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.paging import encode_cursor, page_of, paging
from hub.api.views import ServerView
from hub.notifications.audience import asked_for
from hub.notifications.models import Notification
from hub.notifications.request import Request as Wanted
from hub.notifications.selectors import get_notification, listed, progress
from hub.notifications.services import notify
from hub.notifications.timeline import timeline
from hub.notifications.unstarted import Times, cancel, cancel_by_key, reschedule

SHOWN_RECIPIENTS = 100
TIMES = ("send_at", "expires_at")
FILTERS = ("subscriber", "event", "category", "template", "creator", "tag", "group_key", "cancel_key")


class NotificationList(ServerView):
    """`/notifications`"""

    resource = "notifications"

    def post(self, request: Request) -> Response:
        accepted = notify(tenant=self.caller.tenant, creator=self.caller.name, **wanted(body(request)))
        return Response(brief(accepted), status=202)

    def get(self, request: Request) -> Response:
        fields = query(request)
        paged = paging(fields)
        chosen: dict[str, Any] = {name: fields.text(name) or None for name in FILTERS}
        chosen |= {
            "status": fields.choice("status", Notification.Status.values),
            "priority": fields.choice("priority", Notification.Priority.values),
            "since": fields.moment("since"),
            "until": fields.moment("until"),
        }
        fields.done()
        rows, following = paged.scan(*listed(tenant=self.caller.tenant, **chosen))
        return Response(page_of([brief(row) for row in rows], following))


class NotificationDetail(ServerView):
    """`/notifications/{id}`"""

    resource = "notifications"

    def get(self, request: Request, notification_id: UUID) -> Response:
        query(request).done()
        found = get_notification(tenant=self.caller.tenant, notification_id=notification_id)
        return Response(shown(found) | progress(found))

    def patch(self, request: Request, notification_id: UUID) -> Response:
        """Reschedule it: `send_at`, `expires_at`; null takes one away."""
        fields = body(request)
        times: Times = {name: fields.moment(name) for name in fields.given(*TIMES)}  # type: ignore[assignment]
        if not times:
            fields.wrong("send_at", "Give send_at, expires_at or both.", "required")
        fields.done()
        caller = self.caller
        return Response(
            shown(reschedule(tenant=caller.tenant, notification_id=notification_id, by=caller.name, **times))
        )


class NotificationTimeline(ServerView):
    """`/notifications/{id}/timeline`"""

    resource = "notifications"

    def get(self, request: Request, notification_id: UUID) -> Response:
        fields = query(request)
        paged = paging(fields)
        subscriber = fields.text("subscriber") or None
        fields.done()
        found = get_notification(tenant=self.caller.tenant, notification_id=notification_id)
        told = timeline(found, after=paged.after, subscriber=subscriber, limit=paged.limit)
        return Response(page_of([event.as_dict() for event in told.events], encode_cursor(told.next)))


class NotificationCancel(ServerView):
    """`/notifications/{id}/cancel`"""

    resource = "notifications"

    def post(self, request: Request, notification_id: UUID) -> Response:
        body(request).done()
        caller = self.caller
        return Response(shown(cancel(tenant=caller.tenant, notification_id=notification_id, by=caller.name)))


class NotificationCancelByKey(ServerView):
    """`/notifications/cancel`"""

    resource = "notifications"

    def post(self, request: Request) -> Response:
        fields = body(request)
        key = fields.text("cancel_key", required=True, limit=200)
        fields.done()
        caller = self.caller
        return Response({"cancelled": cancel_by_key(tenant=caller.tenant, cancel_key=key, by=caller.name)})


def wanted(fields: Fields) -> Wanted:
    """The request in a body; what is absent keeps its default."""
    found: Wanted = {
        "event": fields.text("event"),
        "template": fields.text("template"),
        "title": fields.text("title"),
        "body": fields.text("body"),
        "html": fields.text("html"),
        "action_url": fields.text("action_url"),
        "group_key": fields.text("group_key"),
        "cancel_key": fields.text("cancel_key"),
        "to": fields.any("to", required=True),
        "channels": fields.any("channels"),
        "overrides": fields.object("overrides") or {},
        "priority": fields.text("priority", default="normal"),
        "data": fields.object("data"),
        "actor": fields.object("actor"),
        "actions": fields.listing("actions"),
        "tags": fields.listing("tags"),
        "send_at": fields.moment("send_at"),
        "expires_at": fields.moment("expires_at"),
    }
    fields.done()
    return found


def brief(notification: Notification) -> dict[str, Any]:
    """A notification as lists show it."""
    return {
        "id": notification.pk,
        "status": notification.status,
        "event": notification.event,
        "category": notification.category,
        "creator": notification.creator,
        "template": notification.template or None,
        "title": notification.content["title"],
        "priority": notification.priority,
        "recipients": notification.recipients,
        "tags": notification.tags,
        "group_key": notification.group_key or None,
        "cancel_key": notification.cancel_key or None,
        "send_at": notification.send_at,
        "expires_at": notification.expires_at,
        "request_id": notification.request_id or None,
        "created_at": notification.created_at,
        "processed_at": notification.processed_at,
        "cancelled_at": notification.cancelled_at,
        "retracted_at": notification.retracted_at,
        "replay_of": notification.replay_of_id,
    }


def shown(notification: Notification) -> dict[str, Any]:
    """A notification as REST shows it."""
    to = asked_for(notification.audience, SHOWN_RECIPIENTS)
    own = {name: getattr(notification, name) for name in ("channels", "overrides", "ladder")}
    return {**brief(notification), **notification.content, "to": to, **own}
