"""Reads of notifications: one, many, and how far each has come."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from hub.audience.models import Subscriber
from hub.exceptions import NotFound
from hub.fallback.models import Delivery
from hub.ids import first_id
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.tenancy.models import Tenant

# how far a clock, or a long transaction, may part an id from its row's created_at
_SLACK = timedelta(days=1)
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def get_notification(*, tenant: Tenant, notification_id: UUID) -> Notification:
    """The tenant's notification. Raises NotFound."""
    found = Notification.objects.filter(tenant=tenant, pk=notification_id).first()
    if found is None:
        raise NotFound("There is no such notification.")
    return found


def notifications(
    *, tenant: Tenant, subscriber: str | None = None, cancel_key: str | None = None
) -> QuerySet[Notification]:
    """The tenant's notifications; those that the subscriber with this external id got, those with this key: each is found by
    an index."""
    found = Notification.objects.filter(tenant=tenant)
    if cancel_key is not None:
        found = found.filter(cancel_key=cancel_key)
    return found if subscriber is None else received(found, Subscriber.objects.filter(tenant=tenant), subscriber)


def matching(
    *,
    tag: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **exact: str | None,
) -> Q:
    """The condition for these values of a notification's columns; `since` ≤ created_at < `until`."""
    chosen: dict[str, Any] = {name: value for name, value in exact.items() if value is not None}
    if tag is not None:
        chosen["tags__contains"] = [tag]
    # The ids bound the scan: they carry the time at which they were made.
    if since is not None:
        chosen |= {"created_at__gte": since, "pk__gte": first_id(min(max(since, _EARLIEST), _LATEST) - _SLACK)}
    if until is not None:
        chosen |= {"created_at__lt": until, "pk__lt": first_id(min(max(until, _EARLIEST), _LATEST) + _SLACK)}
    return Q(**chosen)


def received(found: QuerySet[Notification], among: QuerySet[Subscriber], external_id: str) -> QuerySet[Notification]:
    """Those of `found` that the subscriber `external_id` among these got."""
    # The id first: only with it the index of what somebody was told is read in order.
    known = among.filter(external_id=external_id).values_list("pk", flat=True).first()
    return found.filter(items__subscriber=known) if known else found.none()


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
