"""The pieces of work that `FanOut` rows stand for: taken by their row lock, put off when they fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from hub.audience.locks import FAN_OUTS
from hub.clock import LATEST, now_of
from hub.clock import due as is_due
from hub.webhooks.outbox import listening


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work that the present transaction holds. `cursor`: the last recipient that is done; `at`: now, by the
    tenant's clock; `heard`: whether any webhook of the tenant listens.

    `audience`, `expires_at`: as they are under the lock; somebody may have been erased, or the notification rescheduled, since
    it was read.
    """

    id: UUID
    cursor: str
    at: datetime
    audience: dict[str, Any]
    expires_at: datetime | None
    heard: bool


# The notification's lock comes first, as everywhere, so that whoever cancels or retracts it waits for a batch, and no
# batch starts under them. Never waiting here, not for an erasure either, nobody can wait in a circle.
_TAKE = f"""
SELECT f.id, f.cursor, {now_of("n.tenant_id")}, n.audience, n.expires_at, {listening("n.tenant_id")}
FROM hub_notification n JOIN hub_fanout f ON f.notification_id = n.id
WHERE n.id = %s AND f.operation = %s AND f.done_at IS NULL AND {is_due("f.due_at", "n.tenant_id")}
    AND pg_try_advisory_xact_lock_shared({FAN_OUTS.format(tenant="n.tenant_id")})
ORDER BY f.part LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 constants only

_DUE = f"""
SELECT f.notification_id FROM hub_fanout f JOIN hub_tenant t ON t.id = f.tenant_id AND t.status = 'active'
WHERE f.done_at IS NULL AND f.due_at <= {LATEST} AND f.due_at <= now() + t.clock_offset AND f.operation = %s
ORDER BY f.due_at, f.notification_id LIMIT %s
"""  # noqa: S608 constants only

_PUT_OFF = f"""
UPDATE hub_fanout SET failures = LEAST(failures + 1, 30), error = %s,
    due_at = {now_of("tenant_id")} + LEAST(power(2, LEAST(failures + 1, 9)), 300) * interval '1 second'
WHERE notification_id = %s AND operation = %s AND done_at IS NULL AND {is_due("due_at", "tenant_id")}
"""  # noqa: S608 constants only


def take(notification_id: UUID, operation: str) -> Work | None:
    """Work of this kind that is due, locked for this transaction. None: done, not due, or in other hands."""
    with connection.cursor() as db:
        db.execute(_TAKE, [notification_id, operation])
        row = db.fetchone()
    return Work(row[0], row[1], row[2], orjson.loads(row[3]), row[4], row[5]) if row else None


def due(operation: str, limit: int) -> list[UUID]:
    """The notifications for which work of this kind is due, in active tenants, longest due first."""
    with connection.cursor() as db:
        db.execute(_DUE, [operation, limit])
        return [row[0] for row in db.fetchall()]


def put_off(notification_id: UUID, operation: str, error: Exception) -> None:
    """Keep why it failed, and wait 2, 4, 8 … 300 s, so that one bad piece does not hold up the others."""
    with connection.cursor() as db:
        db.execute(_PUT_OFF, [f"{type(error).__name__}: {error}"[:500], notification_id, operation])
