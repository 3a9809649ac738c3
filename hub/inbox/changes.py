"""One change to many inboxes at once: each item takes a seq of its own, the counters follow, and the frames come back."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from hub import live
from hub.fallback.withdrawals import noted
from hub.inbox.cursors import Counts
from hub.inbox.wire import ITEM_COLUMNS, ITEM_SAYS, ItemRow, encode_row, notification_frame


@dataclass(frozen=True, slots=True)
class Changed:
    """An item after its change, and the counts of its subscriber right after it."""

    subscriber_id: UUID
    counts: Counts
    row: ItemRow


def change_items(item_ids: Collection[UUID], *, where: str, assignments: str, cancel: str = "") -> list[Changed]:
    """Change those of the items that match `where`, in the caller's short transaction, with their streams locked.

    `where` and `assignments` are SQL over the item `i`; `c.seq` is the seq that it takes. `cancel`: the reason for which
    the waiting deliveries of what changed are cancelled; empty leaves them.
    """
    _lock_streams(item_ids)
    statement = _CHANGE.format(where=where, assignments=assignments)
    with connection.cursor() as db:
        db.execute(statement, {"items": list(item_ids), "cancel": cancel})
        return [Changed(row[0], Counts(int(row[1]), int(row[2])), ItemRow(*row[3:])) for row in db.fetchall()]


def frames(changed: Iterable[Changed], op: str) -> Iterator[live.Frame]:
    """What their sockets are told: `updated` with the item, or `retracted` with its tombstone."""
    for one in changed:
        seq = one.row.seq
        frame = notification_frame(op=op, seq=seq, item=encode_row(one.row), counts=one.counts)
        yield one.subscriber_id, seq, frame


def _lock_streams(item_ids: Collection[UUID]) -> None:
    """In the order of their subscribers, as everywhere, and in a statement of its own: the next one sees what we waited for."""
    with connection.cursor() as db:
        db.execute(
            "SELECT FROM hub_stream WHERE subscriber_id IN (SELECT subscriber_id FROM hub_inboxitem WHERE id = ANY(%s)) "
            "ORDER BY subscriber_id FOR NO KEY UPDATE",
            [list(item_ids)],
        )


_CHANGE = f"""
WITH c AS (
    SELECT i.id, i.subscriber_id, i.visible AND i.seen_at IS NULL AS unseen, i.visible AND i.read_at IS NULL AS unread,
           s.last_seq + row_number() OVER (PARTITION BY i.subscriber_id ORDER BY i.seq, i.id) AS seq
    FROM hub_inboxitem i JOIN hub_stream s ON s.subscriber_id = i.subscriber_id
    WHERE i.id = ANY(%(items)s) AND {{where}}
), changed AS (
    UPDATE hub_inboxitem i SET seq = c.seq, {{assignments}} FROM c WHERE i.id = c.id
    RETURNING i.*, (i.visible AND i.seen_at IS NULL)::int - c.unseen::int AS d_unseen,
              (i.visible AND i.read_at IS NULL)::int - c.unread::int AS d_unread
), cancelled AS (
    UPDATE hub_delivery d SET state = 'cancelled', reason = %(cancel)s, finished_at = now()
    WHERE d.state = 'waiting' AND %(cancel)s <> '' AND d.item_id IN (SELECT id FROM changed)
), withdrawn AS ({noted("changed", "changed.d_unread < 0")}), totals AS (
    SELECT subscriber_id, max(seq) AS seq, sum(d_unseen) AS d_unseen, sum(d_unread) AS d_unread
    FROM changed GROUP BY subscriber_id
), bumped AS (
    UPDATE hub_stream s SET last_seq = t.seq, unseen = s.unseen + t.d_unseen, unread = s.unread + t.d_unread
    FROM totals t WHERE s.subscriber_id = t.subscriber_id
    RETURNING s.subscriber_id, s.unseen - t.d_unseen AS unseen, s.unread - t.d_unread AS unread
)
SELECT i.subscriber_id,
       b.unread + sum(i.d_unread) OVER so_far, b.unseen + sum(i.d_unseen) OVER so_far, {ITEM_COLUMNS}
FROM changed i JOIN bumped b USING (subscriber_id) {ITEM_SAYS}
WINDOW so_far AS (PARTITION BY i.subscriber_id ORDER BY i.seq)
ORDER BY i.subscriber_id, i.seq
"""  # noqa: S608 constants only
