"""What has come due, taken with all that a claim asks about it, in one statement and two more for what the rows share."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from hub.clock import due as is_due
from hub.conf import conf
from hub.notifications.models import Notification
from hub.tenancy.models import Tenant


class Taken(NamedTuple):
    """A delivery that was just claimed, its `fence` and `now` those of the claim: plain values, for a model costs more to
    make than a provider to call."""

    id: UUID
    notification: Notification
    tenant: Tenant
    item_id: UUID
    subscriber_id: UUID
    channel: str
    fence: int
    generation: int
    cancel_level: int
    now: datetime
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
        return self.now + self.tenant.clock_offset

    @property
    def expires(self) -> list[datetime]:
        """When it, or what it tells, is over."""
        return [end for end in (self.notification.expires_at, self.expires_at) if end]


# what is read of a notification on the way out; its lists may be long
_READ = (
    *("tenant", "event", "category", "required", "default_on", "status", "priority", "expires_at", "group_key"),
    *("content", "bodies", "overrides", "template", "version", "request_id"),
)
_TAKE = f"""
WITH due AS (
    SELECT id FROM hub_delivery
    WHERE state = 'waiting' AND channel = %s AND lane = %s AND {is_due("due_at", "tenant_id")}
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE hub_delivery d SET state = 'claimed', fence = d.fence + 1, lease_until = now() + %s * interval '1 second'
    FROM due WHERE d.id = due.id RETURNING d.*
)
SELECT d.id, d.notification_id, d.item_id, d.subscriber_id, d.channel, d.fence, d.generation, d.cancel_level,
    now(), i.locale, i.retracted_at IS NOT NULL, i.seen_at IS NOT NULL,
    COALESCE(i.read_at, i.archived_at, i.deleted_at, i.acted_at) IS NOT NULL, i.expired_at IS NOT NULL, i.expires_at,
    s.name, s.locale, s.timezone, s.phone, p.enabled, COALESCE(c.unread, 0)
FROM taken d
JOIN hub_inboxitem i ON i.id = d.item_id
JOIN hub_subscriber s ON s.id = d.subscriber_id
LEFT JOIN hub_preference p ON p.subscriber_id = d.subscriber_id AND p.category = i.category AND p.channel = d.channel
LEFT JOIN hub_stream c ON c.subscriber_id = d.subscriber_id
ORDER BY d.due_at
"""  # noqa: S608 constants only


def take_due(*, channel: str, lane: str, limit: int) -> list[Taken]:
    """Claim up to `limit` due deliveries of a channel's lane, oldest first, each with a lease of `delivery_lease` seconds and a
    new fence."""
    with connection.cursor() as db:
        db.execute(_TAKE, [channel, lane, limit, conf.delivery_lease])
        rows = db.fetchall()
    notifications = _notifications({row[1] for row in rows}) if rows else {}
    return [_taken(notifications[row[1]], row) for row in rows]


def _notifications(ids: Collection[UUID]) -> dict[UUID, Notification]:
    """With their tenants, of which there are few: not one for each."""
    found = Notification.objects.only(*_READ).in_bulk(ids)
    tenants = Tenant.objects.in_bulk({one.tenant_id for one in found.values()})
    for one in found.values():
        one.tenant = tenants[one.tenant_id]
    return found


def _taken(notification: Notification, row: tuple[object, ...]) -> Taken:
    return Taken(row[0], notification, notification.tenant, *row[2:])  # type: ignore[arg-type]  # as the statement says
