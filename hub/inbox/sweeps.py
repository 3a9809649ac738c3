"""Changes that the clock makes: snoozed items wake, old ones expire. Sequenced and told like any other change."""

from uuid import UUID

from django.db import connection, transaction

from hub import live
from hub.clock import due as is_due
from hub.clock import now_of
from hub.inbox.changes import change_items, frames
from hub.inbox.selectors import ALIVE

_AWAKE = "surfaced_seq = c.seq, snoozed_until = NULL, seen_at = NULL, read_at = NULL"
_EXPIRED = f"expired_at = {now_of('i.tenant_id')}"


def wake_snoozed(limit: int = 500) -> int:
    """Bring back what was snoozed until now: on top, unseen and unread. Returns how many."""
    return _sweep(
        f"{is_due('i.snoozed_until', 'i.tenant_id')} AND {ALIVE}", "i.snoozed_until", _AWAKE, "updated", limit
    )


def expire(limit: int = 500) -> int:
    """Take away what has expired, and cancel what is still owed for it. Returns how many."""
    due = f"{is_due('i.expires_at', 'i.tenant_id')} AND {ALIVE}"
    return _sweep(due, "i.expires_at", _EXPIRED, "retracted", limit, cancel="expired")


def _sweep(due: str, order: str, assignments: str, op: str, limit: int, cancel: str = "") -> int:
    with transaction.atomic():
        candidates = _candidates(due, order, limit)
        if not candidates:
            return 0
        changed = change_items(candidates, where=due, assignments=assignments, cancel=cancel)
    live.publish(frames(changed, op))
    return len(changed)


def _candidates(due: str, order: str, limit: int) -> list[UUID]:
    with connection.cursor() as db:
        db.execute(f"SELECT i.id FROM hub_inboxitem i WHERE {due} ORDER BY {order} LIMIT %s", [limit])  # noqa: S608
        return [row[0] for row in db.fetchall()]
