"""Pages of deliveries by whatever filter, each a few short runs of an index, however many rows there are.

A tenant's deliveries, a subscriber's and a notification's are of a few dozen kinds at most (state, reason, channel). An index
for each keeps every kind together, newest first: a page is the newest of every kind that is wanted, merged. So no filter reads
rows that it doesn't show.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hub.fallback.models import Delivery
from hub.ids import SKEW, first_id
from hub.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries: all that are given must hold. `subscriber` is an external id; since ≤ created_at < until."""

    channel: str | None = None
    state: str | None = None
    reason: str | None = None
    notification: UUID | None = None
    subscriber: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_KINDS = """
WITH RECURSIVE kind AS (
    (SELECT d.state, d.reason, d.channel FROM hub_delivery d WHERE {scope} ORDER BY 1, 2, 3 LIMIT 1)
    UNION ALL
    SELECT n.* FROM kind k CROSS JOIN LATERAL (
        SELECT d.state, d.reason, d.channel FROM hub_delivery d
        WHERE {scope} AND (d.state, d.reason, d.channel) > (k.state, k.reason, k.channel) ORDER BY 1, 2, 3 LIMIT 1
    ) n
)
"""
_BY_KIND = """
SELECT found.id FROM kind k CROSS JOIN LATERAL (
    SELECT d.id FROM hub_delivery d
    WHERE {scope} AND d.state = k.state AND d.reason = k.reason AND d.channel = k.channel AND {among}
    ORDER BY d.id DESC LIMIT %(limit)s
) found
WHERE {wanted} ORDER BY found.id DESC LIMIT %(limit)s
"""


def delivery_ids(*, tenant: Tenant, wanted: Wanted, limit: int, after: UUID | None = None) -> list[UUID]:
    """The ids of up to `limit` of the tenant's deliveries, newest first; those before the id `after`."""
    arguments = _arguments(tenant, wanted) | {"limit": limit, "after": after}
    kinds = [f"k.{name} = %({name})s" for name in ("channel", "state", "reason") if arguments[name] is not None]
    parts = {"scope": _scope(wanted), "among": _among(arguments), "wanted": " AND ".join(kinds) or "true"}
    with connection.cursor() as db:
        db.execute((_KINDS + _BY_KIND).format(**parts), arguments)
        return [row[0] for row in db.fetchall()]


def with_context(ids: list[UUID]) -> list[Delivery]:
    """These deliveries with what they are about and whom they are for, in this order."""
    found = Delivery.objects.select_related("notification", "subscriber", "item").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def dead_groups(*, tenant: Tenant) -> list[tuple[str, str, int]]:
    """(channel, reason, how many) of the tenant's dead letters: counted in the index alone."""
    with connection.cursor() as db:
        db.execute(
            "SELECT channel, reason, count(*) FROM hub_delivery WHERE tenant_id = %s AND state = 'dead' "
            "GROUP BY channel, reason ORDER BY 3 DESC, 1, 2",
            [tenant.pk],
        )
        return [(channel, reason, number) for channel, reason, number in db.fetchall()]


def _scope(wanted: Wanted) -> str:
    """Whose they are, so that the planner takes the index that begins with it."""
    of = []
    if wanted.notification is not None:
        of.append("d.notification_id = (SELECT id FROM hub_notification WHERE id = %(notification)s AND {tenant})")
    if wanted.subscriber is not None:
        of.append("d.subscriber_id = (SELECT id FROM hub_subscriber WHERE external_id = %(subscriber)s AND {tenant})")
    return (" AND ".join(of) or "d.{tenant}").format(tenant="tenant_id = %(tenant)s")


def _arguments(tenant: Tenant, wanted: Wanted) -> dict[str, Any]:
    return {
        "tenant": tenant.pk,
        "channel": wanted.channel,
        "state": wanted.state,
        "reason": wanted.reason,
        "notification": wanted.notification,
        "subscriber": wanted.subscriber,
        "since": wanted.since,
        "until": wanted.until,
        "first": wanted.since and first_id(wanted.since, -SKEW),
        "last": wanted.until and first_id(wanted.until, SKEW),
    }


def _among(arguments: dict[str, Any]) -> str:
    chosen = {
        "after": "d.id < %(after)s",
        "since": "d.id >= %(first)s AND d.created_at >= %(since)s",
        "until": "d.id < %(last)s AND d.created_at < %(until)s",
    }
    return " AND ".join(text for name, text in chosen.items() if arguments[name] is not None) or "true"
