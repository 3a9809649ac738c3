"""What webhooks are owed: written by the statement that makes the change, or in its transaction, and only where somebody
listens. For a tenant without webhooks that is one look at an index that is nearly always empty.
"""

from uuid import UUID

from django.db import connection, transaction

from hub.clock import iso_of, now_of
from hub.wake import wake_webhooks

# a UUIDv7 as hub.ids makes them, but for the order within a millisecond
NEW_ID = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1),
    'hex')::uuid"""

_OWED = f"""
INSERT INTO hub_webhookdelivery
    (id, tenant_id, webhook_id, notification_id, subscriber_id, type, at, data, state, reason, due_at, attempts, fence,
     created_at)
SELECT {NEW_ID}, e.tenant_id, w.id, e.notification_id, e.subscriber_id, e.type, e.at, e.data, 'waiting', '', now(), 0, 0, now()
FROM ({{events}}) AS e(tenant_id, notification_id, subscriber_id, type, at, data)
JOIN hub_webhook w ON w.tenant_id = e.tenant_id AND w.disabled_at IS NULL AND EXISTS (
    SELECT FROM unnest(w.events) AS p
    WHERE p = e.type OR (right(p, 1) = '*' AND starts_with(e.type, left(p, -1)))
)
RETURNING id
"""  # noqa: S608 constants only


def owed(events: str) -> str:
    """SQL that writes down what webhooks are owed for `events`, for a CTE of a bigger statement or on its own.

    `events` is SQL for the rows (tenant_id, notification_id, subscriber_id, type, at, data). A row comes back for each that
    is owed: give their number to `tell`.
    """
    return _OWED.format(events=events)


def listening(tenant: str) -> str:
    """SQL: whether the tenant has any webhook: where nobody listens, nothing has to be gathered."""
    return f"EXISTS (SELECT FROM hub_webhook WHERE tenant_id = {tenant} AND disabled_at IS NULL)"


# in the place of what is `owed`, where nobody listens
NOTHING = "SELECT WHERE false"


def tell(number: int) -> None:
    """Have the workers look once the caller's transaction commits, if anything is owed."""
    if number:
        transaction.on_commit(wake_webhooks, robust=True)


def notification_data(n: str) -> str:
    """SQL: the `data` of a `notification.*` event: what it is, never what it says or whom it is for."""
    return f"""jsonb_build_object('id', {n}.id, 'event', {n}.event, 'category', {n}.category, 'status', {n}.status,
        'priority', {n}.priority, 'tags', {n}.tags, 'group_key', NULLIF({n}.group_key, ''),
        'cancel_key', NULLIF({n}.cancel_key, ''), 'recipients', {n}.recipients, 'send_at', {iso_of(f"{n}.send_at")},
        'expires_at', {iso_of(f"{n}.expires_at")}, 'created_at', {iso_of(f"{n}.created_at")})"""


_CHANGED = owed(f"""
SELECT n.tenant_id, n.id, NULL::uuid, %(type)s::text, {now_of("n.tenant_id")}, {notification_data("n")}
FROM hub_notification n WHERE n.id = %(id)s
""")  # noqa: S608 constants only


def notification_changed(type: str, notification_id: UUID) -> None:
    """Owe an event about it, as it is by now, in the caller's transaction."""
    with connection.cursor() as db:
        db.execute(_CHANGED, {"type": type, "id": notification_id})
        tell(db.rowcount)
