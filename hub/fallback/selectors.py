"""Reads of what is owed outside the app."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count, Prefetch

from hub.clock import LATEST
from hub.exceptions import NotFound
from hub.fallback.models import Attempt, Delivery
from hub.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Due:
    """A lane with something to do, and for how many seconds its oldest row has been due."""

    channel: str
    lane: str
    overdue: float


# A loose index scan: a few index look-ups, however long the backlog. DISTINCT would read all of it, every second.
_DUE = f"""
WITH RECURSIVE lanes AS (
    (SELECT channel, lane FROM hub_delivery WHERE state = 'waiting' ORDER BY channel, lane LIMIT 1)
    UNION ALL
    SELECT n.channel, n.lane FROM lanes l CROSS JOIN LATERAL (
        SELECT d.channel, d.lane FROM hub_delivery d
        WHERE d.state = 'waiting' AND (d.channel, d.lane) > (l.channel, l.lane) ORDER BY d.channel, d.lane LIMIT 1
    ) n
)
SELECT l.channel, l.lane, extract(epoch FROM now() - o.due_at)::float8 FROM lanes l CROSS JOIN LATERAL (
    SELECT due_at FROM hub_delivery d WHERE d.state = 'waiting' AND d.channel = l.channel AND d.lane = l.lane
    ORDER BY due_at LIMIT 1
) o WHERE o.due_at <= {LATEST} ORDER BY l.channel, l.lane DESC
"""  # noqa: S608 constants only


def due_lanes() -> list[Due]:
    """The lanes with due deliveries, high before bulk within a channel, channels that are not configured included."""
    with connection.cursor() as db:
        db.execute(_DUE)
        return [Due(*row) for row in db.fetchall()]


def dead_letters() -> list[tuple[str, str, int]]:
    """(channel, reason, how many) of all tenants' together: counted in the index alone."""
    found = Delivery.objects.filter(state=Delivery.State.DEAD).values_list("channel", "reason")
    return list(found.annotate(count=Count("id")).order_by("channel", "reason"))


def get_delivery(*, tenant: Tenant, delivery_id: UUID) -> Delivery:
    """The tenant's delivery with its destinations and their attempts, in the order they were made. Raises NotFound."""
    made = Prefetch("destinations__attempts", Attempt.objects.order_by("started_at", "id"))
    rows = Delivery.objects.select_related("notification", "subscriber", "item").prefetch_related("destinations", made)
    found = rows.filter(tenant=tenant, pk=delivery_id).first()
    if found is None:
        raise NotFound("There is no such delivery.")
    return found
