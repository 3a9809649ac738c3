"""What webhooks are told of deliveries: that one was handed over, or given up."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from hub.clock import now_of
from hub.webhooks import outbox


def ended(deliveries: str) -> str:
    """SQL, as `outbox.owed` gives it, for those of `deliveries` (a table or CTE, by the columns of hub_delivery) that are sent
    or dead by now. No address and no word of the content is in it."""
    return outbox.owed(f"""
        SELECT d.tenant_id, d.notification_id, d.subscriber_id, 'delivery.' || d.state, {now_of("d.tenant_id")},
            jsonb_build_object('id', d.id, 'notification', d.notification_id, 'item', d.item_id, 'event', n.event,
                'category', n.category, 'subscriber', s.external_id, 'tags', n.tags,
                'group_key', NULLIF(n.group_key, ''), 'channel', d.channel, 'state', d.state,
                'reason', NULLIF(d.reason, ''), 'attempts', d.attempts + d.unknowns, 'generation', d.generation)
        FROM {deliveries} d JOIN hub_notification n ON n.id = d.notification_id
        JOIN hub_subscriber s ON s.id = d.subscriber_id
        WHERE d.state IN ('sent', 'dead') AND EXISTS (SELECT FROM hub_webhook WHERE disabled_at IS NULL)
    """)  # noqa: S608 constants only


_ENDED = ended("(SELECT * FROM hub_delivery WHERE id = ANY(%s))")


def deliveries_ended(delivery_ids: Collection[UUID]) -> None:
    """Owe an event about each of these that is sent or dead, in the caller's transaction."""
    with connection.cursor() as db:
        db.execute(_ENDED, [list(delivery_ids)])
        outbox.tell(db.rowcount)
