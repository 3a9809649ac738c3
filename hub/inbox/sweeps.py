"""Changes that the clock makes: snoozed items wake, old ones expire. Sequenced and told like any other change."""

from uuid import UUID

from django.db import connection, transaction

from hub import live
from hub.inbox.cursors import Counts
from hub.inbox.selectors import ALIVE
from hub.inbox.wire import ITEM_COLUMNS, ItemRow, encode_row, notification_frame

_AWAKE = "seq = c.seq, surfaced_seq = c.seq, snoozed_until = NULL, seen_at = NULL, read_at = NULL"
_EXPIRED = "seq = c.seq, expired_at = now()"


def wake_snoozed(limit: int = 500) -> int:
    """Bring back what was snoozed until now: on top, unseen and unread. Returns how many."""
    return _sweep(f"i.snoozed_until <= now() AND {ALIVE}", "i.snoozed_until", _AWAKE, "updated", limit)


def expire(limit: int = 500) -> int:
    """Take away what has expired, and cancel what is still owed for it. Returns how many."""
    return _sweep(f"i.expires_at <= now() AND {ALIVE}", "i.expires_at", _EXPIRED, "retracted", limit)


def _sweep(due: str, order: str, assignments: str, op: str, limit: int) -> int:
    with transaction.atomic():
        candidates = _candidates(due, order, limit)
        if not candidates:
            return 0
        _lock_streams(candidates)
        changed = _change(candidates, due, assignments)
    live.publish(_frame(row, op) for row in changed)
    return len(changed)


def _candidates(due: str, order: str, limit: int) -> list[UUID]:
    with connection.cursor() as db:
        db.execute(f"SELECT i.id FROM hub_inboxitem i WHERE {due} ORDER BY {order} LIMIT %s", [limit])  # noqa: S608
        return [row[0] for row in db.fetchall()]


def _lock_streams(candidates: list[UUID]) -> None:
    """In the order of their subscribers, as everywhere, and in a statement of its own: the next one sees what we waited for."""
    with connection.cursor() as db:
        db.execute(
            "SELECT FROM hub_stream WHERE subscriber_id IN (SELECT subscriber_id FROM hub_inboxitem WHERE id = ANY(%s)) "
            "ORDER BY subscriber_id FOR NO KEY UPDATE",
            [candidates],
        )


def _change(candidates: list[UUID], due: str, assignments: str) -> list[tuple[UUID, Counts, ItemRow]]:
    """Each item takes a seq of its own, in order. The counts of each are those right after it."""
    statement = f"""
        WITH c AS (
            SELECT i.id, i.subscriber_id, i.visible AND i.seen_at IS NULL AS unseen, i.visible AND i.read_at IS NULL AS unread,
                   s.last_seq + row_number() OVER (PARTITION BY i.subscriber_id ORDER BY i.seq, i.id) AS seq
            FROM hub_inboxitem i JOIN hub_stream s ON s.subscriber_id = i.subscriber_id
            WHERE i.id = ANY(%(candidates)s) AND {due}
        ), changed AS (
            UPDATE hub_inboxitem i SET {assignments} FROM c WHERE i.id = c.id
            RETURNING i.*, (i.visible AND i.seen_at IS NULL)::int - c.unseen::int AS d_unseen,
                      (i.visible AND i.read_at IS NULL)::int - c.unread::int AS d_unread
        ), cancelled AS (
            UPDATE hub_delivery d SET state = 'cancelled', reason = 'expired', finished_at = now()
            WHERE d.state = 'waiting' AND d.item_id IN (SELECT id FROM changed WHERE expired_at IS NOT NULL)
        ), totals AS (
            SELECT subscriber_id, max(seq) AS seq, sum(d_unseen) AS d_unseen, sum(d_unread) AS d_unread
            FROM changed GROUP BY subscriber_id
        ), bumped AS (
            UPDATE hub_stream s SET last_seq = t.seq, unseen = s.unseen + t.d_unseen, unread = s.unread + t.d_unread
            FROM totals t WHERE s.subscriber_id = t.subscriber_id
            RETURNING s.subscriber_id, s.unseen - t.d_unseen AS unseen, s.unread - t.d_unread AS unread
        )
        SELECT i.subscriber_id,
               b.unread + sum(i.d_unread) OVER so_far, b.unseen + sum(i.d_unseen) OVER so_far, {ITEM_COLUMNS}
        FROM changed i JOIN bumped b USING (subscriber_id) JOIN hub_notification n ON n.id = i.notification_id
        WINDOW so_far AS (PARTITION BY i.subscriber_id ORDER BY i.seq)
        ORDER BY i.subscriber_id, i.seq
    """  # noqa: S608 constants and placeholders only
    with connection.cursor() as db:
        db.execute(statement, {"candidates": candidates})
        return [(row[0], Counts(int(row[1]), int(row[2])), ItemRow(*row[3:])) for row in db.fetchall()]


def _frame(changed: tuple[UUID, Counts, ItemRow], op: str) -> live.Frame:
    subscriber_id, counts, row = changed
    return subscriber_id, row.seq, notification_frame(op=op, seq=row.seq, item=encode_row(row), counts=counts)
