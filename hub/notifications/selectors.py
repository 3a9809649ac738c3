"""Reads of notifications: one, many, and how far each has come."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from hub.audience.models import Subscriber
from hub.exceptions import NotFound
from hub.fallback.models import Delivery
from hub.ids import SKEW, first_id
from hub.inbox.models import InboxItem
from hub.notifications.models import LISTED_BY, Notification
from hub.tenancy.models import Tenant


def get_notification(*, tenant: Tenant, notification_id: UUID) -> Notification:
    """The tenant's notification. Raises NotFound."""
    found = Notification.objects.filter(tenant=tenant, pk=notification_id).first()
    if found is None:
        raise NotFound("There is no such notification.")
    return found


def listed(
    *,
    tenant: Tenant,
    subscriber: str | None = None,
    tag: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **exact: str | None,
) -> tuple[QuerySet[Notification], Q]:
    """The tenant's notifications for which all of this holds, as `(rows, rest)`: what one index finds in order, and the
    condition that is left to look for among these.

    `subscriber`: an external id of who got them; `exact`: values of columns; `since` ≤ created_at < `until`.
    """
    rows = Notification.objects.filter(_made(since, until), tenant=tenant)
    wanted: dict[str, Any] = {name: value for name, value in exact.items() if value is not None}
    if subscriber is not None:
        rows = received(rows, Subscriber.objects.filter(tenant=tenant), subscriber)
    else:
        best = next((name for name in ("cancel_key", *LISTED_BY) if name in wanted), None)
        rows = rows.filter(**{best: wanted.pop(best)}) if best else rows
    times = {"tags__contains": tag and [tag], "created_at__gte": since, "created_at__lt": until}
    return rows, Q(**wanted, **{name: value for name, value in times.items() if value is not None})


def _made(since: datetime | None, until: datetime | None) -> Q:
    """The ids that may have been made between these: they carry the time, so this is a range of any list's index."""
    found = Q(pk__gte=first_id(since, -SKEW)) if since else Q()
    return found & Q(pk__lt=first_id(until, SKEW)) if until else found


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
