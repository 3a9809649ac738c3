"""What has come due, taken with all that a claim asks about it: in one statement, and a trip or two for what is around it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from hub.clock import due as is_due
from hub.conf import conf
from hub.fallback.destinations import Destinations, destinations
from hub.providers.accounts import Account, accounts
from hub.rows import Question, array, ask, ask_all, by_key
from hub.suppression.digests import Place
from hub.suppression.selectors import suppressed
from hub.tenancy.models import Tenant


class Told(NamedTuple):
    """A notification, as far as sending it goes."""

    id: UUID
    tenant_id: UUID
    event: str
    category: str
    required: bool
    default_on: bool
    status: str
    priority: str
    expires_at: datetime | None
    group_key: str
    request_id: str
    content: dict[str, Any]
    bodies: dict[str, Any]
    overrides: dict[str, Any]


class Taken(NamedTuple):
    """A delivery that was just claimed, its `fence` and `at` (seconds since the epoch) those of the claim: plain values, for a
    model costs more to make than a provider to call."""

    id: UUID
    notification: Told
    tenant: Tenant
    item_id: UUID
    subscriber_id: UUID
    channel: str
    fence: int
    generation: int
    attempts: int
    unknowns: int
    cancel_level: int
    at: float
    # the language of the item
    said_in: str
    retracted: bool
    seen: bool
    # read, archived, deleted or acted upon
    read: bool
    expired: bool
    expires_at: datetime | None
    name: str
    locale: str
    timezone: str
    phone: str
    # the subscriber's own switch; None: untouched
    chosen: bool | None
    unread: int

    @property
    def present(self) -> datetime:
        """The instant of the claim by the tenant's clock."""
        return datetime.fromtimestamp(self.at, UTC) + self.tenant.clock_offset

    @property
    def expires(self) -> list[datetime]:
        """When it, or what it tells, is over."""
        return [end for end in (self.notification.expires_at, self.expires_at) if end]


class Around(NamedTuple):
    """What is known around the deliveries of a claim. `reached`: where each subscriber is; `serving`: the accounts of each
    tenant; `listed`: why an address is on the suppression list."""

    reached: Destinations
    serving: Mapping[UUID, Sequence[Account]]
    listed: Mapping[Place, str]


_TOLD = f"SELECT {', '.join(Told._fields)} FROM hub_notification WHERE id = ANY(%s::uuid[])"  # noqa: S608 constants only
_TAKE = f"""
WITH due AS (
    SELECT id FROM hub_delivery
    WHERE state = 'waiting' AND channel = %s AND lane = %s AND {is_due("due_at", "tenant_id")}
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE hub_delivery d SET state = 'claimed', fence = d.fence + 1, lease_until = now() + %s * interval '1 second'
    FROM due WHERE d.id = due.id RETURNING d.*
)
SELECT d.id, d.notification_id, d.tenant_id, d.item_id, d.subscriber_id, d.channel, d.fence, d.generation, d.attempts,
    d.unknowns, d.cancel_level, extract(epoch FROM now())::float8, i.locale, i.retracted_at IS NOT NULL,
    i.seen_at IS NOT NULL, COALESCE(i.read_at, i.archived_at, i.deleted_at, i.acted_at) IS NOT NULL,
    i.expired_at IS NOT NULL, i.expires_at, s.name, s.locale, s.timezone, s.phone, p.enabled,
    COALESCE(c.unread, 0)
FROM taken d
JOIN hub_inboxitem i ON i.id = d.item_id
JOIN hub_subscriber s ON s.id = d.subscriber_id
LEFT JOIN hub_preference p ON p.subscriber_id = d.subscriber_id AND p.category = i.category AND p.channel = d.channel
LEFT JOIN hub_stream c ON c.subscriber_id = d.subscriber_id
ORDER BY d.due_at
"""  # noqa: S608 constants only


_SUBSCRIBER = Taken._fields.index("subscriber_id")


def take_due(*, channel: str, lane: str, limit: int) -> tuple[list[Taken], Around]:
    """Claim up to `limit` due deliveries of a channel's lane, oldest first, each with a lease of `delivery_lease` seconds and a
    new fence. Committed at once where no transaction is open."""
    with connection.cursor() as db:
        db.execute(_TAKE, [channel, lane, limit, conf.delivery_lease])
        rows = db.fetchall()
    tenant_of = {row[_SUBSCRIBER]: row[2] for row in rows}
    tenant_ids = set(tenant_of.values())
    if not rows:
        return [], Around({}, {}, {})
    notifications, tenants, reached, serving = ask_all(
        _notifications({row[1] for row in rows}),
        by_key(Tenant, tenant_ids),
        destinations(channel, tenant_of),
        accounts(channel, tenant_ids),
    )
    places = {(tenant_of[who], one.address) for who, theirs in reached.items() for one in theirs}
    taken = [
        Taken(row[0], notifications[row[1]], tenants[row[2]], *row[3:])
        for row in rows
        # nothing is locked any more: it may have been deleted, and its deliveries with it
        if row[1] in notifications and row[2] in tenants
    ]
    return taken, Around(reached, serving, ask(suppressed(channel, places)))


def _notifications(ids: Collection[UUID]) -> Question[dict[UUID, Told]]:
    rows = yield _TOLD, [array(ids)]
    return {row[0]: Told(*row[:-3], *map(orjson.loads, row[-3:])) for row in rows}
