"""A step of the ladder that has nowhere to go gives its turn to the next one."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from hub.clock import now_of

# The next waiting step is found first and locked after: with both in one, SKIP LOCKED would hand the turn to the step
# behind it. A row that somebody else holds keeps its own time: waiting here, with others locked, could be a deadlock.
_HAND_ON = f"""
WITH next AS (
    SELECT DISTINCT ON (n.item_id, n.generation) n.id
    FROM hub_delivery s JOIN hub_delivery n ON n.item_id = s.item_id AND n.generation = s.generation AND n.step > s.step
    WHERE s.id = ANY(%s) AND n.state = 'waiting'
    ORDER BY n.item_id, n.generation, n.step
), free AS (
    SELECT d.id FROM hub_delivery d JOIN next ON next.id = d.id
    WHERE d.state = 'waiting' AND d.absent AND d.due_at > {now_of("d.tenant_id")}
    ORDER BY d.id FOR UPDATE OF d SKIP LOCKED
)
UPDATE hub_delivery d SET due_at = {now_of("d.tenant_id")} FROM free WHERE d.id = free.id
"""  # noqa: S608 constants only


def hand_on(delivery_ids: Collection[UUID]) -> int:
    """Make the step after each of these deliveries due now, if its subscriber was absent. Returns how many moved."""
    if not delivery_ids:
        return 0
    with connection.cursor() as db:
        db.execute(_HAND_ON, [list(delivery_ids)])
        return int(db.rowcount)
