"""Taking what webhooks are owed: claimed and on record, committed before an endpoint is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from hub.conf import conf
from hub.webhooks.models import Webhook
from hub.webhooks.outbox import NEW_ID
from hub.webhooks.topics import Topic


@dataclass(frozen=True, slots=True)
class Post:
    """One call to make: all that a sender needs, so that it reads no table. `secrets`: to sign with, the newest first;
    `topic`: publish it there instead of posting it."""

    delivery_id: UUID
    webhook_id: UUID
    fence: int
    url: str
    secrets: tuple[str, ...]
    type: str
    at: datetime
    data: Mapping[str, Any]
    topic: Topic | None = None


# how many calls of an endpoint are under way, and how many may be
_UNDER_WAY = "(SELECT count(*) FROM hub_webhookdelivery c WHERE c.webhook_id = w.id AND c.state = 'claimed')"
_SHARE = "CASE WHEN w.failing_since IS NULL THEN %(share)s ELSE 1 END"

# Endpoints with something due that owe us fewer answers than their share, which is one for an endpoint that is failing. A
# loose index scan finds them, however long what waits for some of them.
_OPEN = f"""
WITH RECURSIVE owed AS (
    (SELECT webhook_id AS id FROM hub_webhookdelivery WHERE state = 'waiting' ORDER BY webhook_id LIMIT 1)
    UNION ALL
    SELECT n.id FROM owed o CROSS JOIN LATERAL (
        SELECT d.webhook_id AS id FROM hub_webhookdelivery d
        WHERE d.state = 'waiting' AND d.webhook_id > o.id ORDER BY d.webhook_id LIMIT 1
    ) n
), due AS (
    SELECT o.id, first.due_at FROM owed o CROSS JOIN LATERAL (
        SELECT d.due_at FROM hub_webhookdelivery d WHERE d.webhook_id = o.id AND d.state = 'waiting'
        ORDER BY d.due_at LIMIT 1
    ) first WHERE first.due_at <= now()
)
SELECT w.id FROM due JOIN hub_webhook w ON w.id = due.id JOIN hub_tenant t ON t.id = w.tenant_id
WHERE w.disabled_at IS NULL AND t.status = 'active' AND {_UNDER_WAY} < {_SHARE}
"""  # noqa: S608 constants only
# longest waiting first; whoever holds an endpoint's lock takes for it, so that all workers together keep to its share
_LOCK = f"{_OPEN} ORDER BY due.due_at LIMIT %(limit)s FOR NO KEY UPDATE OF w SKIP LOCKED"

# in a statement of its own, which sees what was claimed before the lock was ours
_TAKE = f"""
WITH share AS (
    SELECT w.id, {_SHARE} - {_UNDER_WAY} AS room FROM hub_webhook w WHERE w.id = ANY(%(webhooks)s)
), picked AS (
    SELECT d.id FROM share s CROSS JOIN LATERAL (
        SELECT d.id, d.due_at FROM hub_webhookdelivery d
        WHERE d.webhook_id = s.id AND d.state = 'waiting' AND d.due_at <= now()
        ORDER BY d.due_at LIMIT GREATEST(s.room, 0) FOR UPDATE SKIP LOCKED
    ) d LIMIT %(limit)s
), taken AS (
    UPDATE hub_webhookdelivery d SET state = 'claimed', reason = '', fence = d.fence + 1,
        lease_until = now() + %(lease)s * interval '1 second'
    FROM picked p WHERE d.id = p.id RETURNING d.*
), tried AS (
    INSERT INTO hub_webhookattempt (id, tenant_id, delivery_id, fence, started_at, answer)
    SELECT {NEW_ID}, tenant_id, id, fence, now(), '' FROM taken
)
SELECT id, webhook_id, fence, type, at, data FROM taken
"""  # noqa: S608 constants only


def is_due() -> bool:
    """Whether `claim` would find anything."""
    with connection.cursor() as db:
        db.execute(f"SELECT EXISTS ({_OPEN})", {"share": conf.webhook_concurrency})
        return bool(db.fetchone()[0])


@transaction.atomic
def claim(*, limit: int) -> list[Post]:
    """Take up to `limit` that are due, of each endpoint no more than its share. One short transaction, no network in it.

    Each comes with a lease of `delivery_lease` seconds, a new fence, and its attempt on record.
    """
    arguments = {"share": conf.webhook_concurrency, "limit": limit, "lease": conf.delivery_lease}
    with connection.cursor() as db:
        db.execute(_LOCK, arguments)
        webhooks = _load([row[0] for row in db.fetchall()])
        if not webhooks:
            return []
        db.execute(_TAKE, arguments | {"webhooks": list(webhooks)})
        return [_post(webhooks[row[1]], row) for row in db.fetchall()]


def _load(webhook_ids: Sequence[UUID]) -> dict[UUID, Any]:
    rows = Webhook.objects.annotate(overlaps=Q(previous_until__gt=Now()))
    return rows.in_bulk(webhook_ids) if webhook_ids else {}


def _post(webhook: Any, row: Sequence[Any]) -> Post:
    delivery_id, webhook_id, fence, type_, at, data = row
    secrets = (webhook.secret, webhook.previous_secret) if webhook.overlaps else (webhook.secret,)
    topic = Topic(webhook.topic_arn, webhook.access_key_id, webhook.secret_access_key) if webhook.topic_arn else None
    return Post(delivery_id, webhook_id, fence, webhook.url, secrets, type_, at, orjson.loads(data), topic)


# A call whose worker is gone may have arrived: it is made again, with the same id, at once.
_RECOVER = """
WITH lost AS (
    SELECT id, fence FROM hub_webhookdelivery WHERE state = 'claimed' AND lease_until < now()
    ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), again AS (
    UPDATE hub_webhookdelivery d SET state = 'waiting', lease_until = NULL, due_at = now() FROM lost WHERE d.id = lost.id
), noted AS (
    UPDATE hub_webhookattempt a SET finished_at = now(), answer = 'No answer was recorded: the worker is gone.'
    FROM lost WHERE a.delivery_id = lost.id AND a.fence = lost.fence
)
SELECT count(*) FROM lost
"""

# What an endpoint was still owed when it was disabled, or was written down by who didn't know yet.
_DROP = """
UPDATE hub_webhookdelivery SET state = 'dead', reason = 'disabled', finished_at = now() WHERE id IN (
    SELECT d.id FROM hub_webhook w JOIN hub_webhookdelivery d ON d.webhook_id = w.id AND d.state = 'waiting'
    WHERE w.disabled_at IS NOT NULL LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
)
"""


def recover(limit: int = 500) -> int:
    """Make due again what a worker took and never answered for. Returns how many."""
    with connection.cursor() as db:
        db.execute(_RECOVER, {"limit": limit})
        return int(db.fetchone()[0])


def drop_disabled(limit: int = 1_000) -> int:
    """Give up what disabled endpoints are owed. Returns how many."""
    with connection.cursor() as db:
        db.execute(_DROP, {"limit": limit})
        return int(db.rowcount)
