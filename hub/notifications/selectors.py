"""Reads of notifications: one, many, and how far each has come."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from hub.audience.models import Subscriber
from hub.exceptions import NotFound
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.tenancy.models import Tenant


def get_notification(*, tenant: Tenant, notification_id: UUID) -> Notification:
    """The tenant's notification. Raises NotFound."""
    found = Notification.objects.filter(tenant=tenant, pk=notification_id).first()
    if found is None:
        raise NotFound("There is no such notification.")
    return found


def notifications(
    *,
    tenant: Tenant,
    event: str | None = None,
    category: str | None = None,
    status: str | None = None,
    subscriber: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Notification]:
    """The tenant's notifications; `subscriber` is an external id, `since` ≤ created_at < `until`."""
    chosen = {
        "event": event,
        "category": category,
        "status": status,
        "created_at__gte": since,
        "created_at__lt": until,
    }
    found = Notification.objects.filter(tenant=tenant, **{k: v for k, v in chosen.items() if v is not None})
    return found if subscriber is None else received(found, Subscriber.objects.filter(tenant=tenant), subscriber)


def received(found: QuerySet[Notification], among: QuerySet[Subscriber], external_id: str) -> QuerySet[Notification]:
    """Those of `found` that the subscriber `external_id` among these got."""
    items = InboxItem.objects.filter(subscriber__in=among.filter(external_id=external_id))
    return found.filter(pk__in=items.values("notification_id"))


def progress(notification: Notification) -> dict[str, Any]:
    """How far it has come: `{"items": {"total", "hidden", "seen", "read"}, "deliveries": {state: how many}}`."""
    items = InboxItem.objects.filter(notification=notification).aggregate(
        total=Count("pk"),
        hidden=Count("pk", filter=~Q(hidden_reason="")),
        seen=Count("pk", filter=Q(seen_at__isnull=False)),
        read=Count("pk", filter=Q(read_at__isnull=False)),
    )
    states = Delivery.objects.filter(notification=notification).values_list("state").annotate(number=Count("pk"))
    return {"items": items, "deliveries": dict(states.order_by("state"))}
