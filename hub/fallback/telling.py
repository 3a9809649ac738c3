"""What webhooks are told of deliveries: that one was handed over or given up, and what its provider said of it afterwards."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import connection

from hub.clock import now_of
from hub.webhooks import outbox


def _events(deliveries: str, *, what: str = "state", reason: str = "reason") -> str:
    """SQL, as `outbox.owed` gives it: of each row of `deliveries`, which has the columns of hub_delivery, the event that its
    column `what` names. No address and no word of the content is in it."""
    return outbox.owed(f"""
        SELECT d.tenant_id, d.notification_id, d.subscriber_id, 'delivery.' || d.{what}, {now_of("d.tenant_id")},
            jsonb_build_object('id', d.id, 'notification', d.notification_id, 'item', d.item_id, 'event', n.event,
                'category', n.category, 'subscriber', s.external_id, 'tags', n.tags,
                'group_key', NULLIF(n.group_key, ''), 'channel', d.channel, 'state', d.state,
                'reason', NULLIF(d.{reason}, ''), 'attempts', d.attempts + d.unknowns, 'generation', d.generation)
        FROM ({deliveries}) d JOIN hub_notification n ON n.id = d.notification_id
        JOIN hub_subscriber s ON s.id = d.subscriber_id
        WHERE EXISTS (SELECT FROM hub_webhook WHERE disabled_at IS NULL)
    """)  # noqa: S608 constants only


def ended(deliveries: str) -> str:
    """SQL, as `outbox.owed` gives it, for those of `deliveries` (a table or CTE, by the columns of hub_delivery) that are sent
    or dead by now."""
    return _events(f"SELECT * FROM {deliveries} WHERE state IN ('sent', 'dead')")  # noqa: S608 constants only


_ENDED = _events("SELECT * FROM hub_delivery WHERE id = ANY(%s) AND state IN ('sent', 'dead')")
_TOLD = _events(
    "SELECT h.*, t.kind, t.code FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS t(delivery_id, kind, code) "
    "JOIN hub_delivery h ON h.id = t.delivery_id",
    what="kind",
    reason="code",
)


def deliveries_ended(delivery_ids: Collection[UUID]) -> None:
    """Owe an event about each of these that is sent or dead, in the caller's transaction."""
    _owe(_ENDED, list(delivery_ids))


def provider_told(told: Sequence[tuple[UUID, str, str]]) -> None:
    """Owe an event about each (delivery, kind, code) that a provider told, in the caller's transaction."""
    _owe(_TOLD, *(list(column) for column in zip(*told, strict=True)))


def _owe(statement: str, *columns: list[UUID] | list[str]) -> None:
    with connection.cursor() as db:
        db.execute(statement, columns)
        outbox.tell(db.rowcount)
