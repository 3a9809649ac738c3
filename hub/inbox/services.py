"""Changes of an inbox by its subscriber. A change takes one seq, in one short transaction, and is told right after commit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hub import live
from hub.clock import iso, iso_of, now_of
from hub.conf import conf
from hub.exceptions import InvalidRequest, NotFound
from hub.fallback.withdrawals import noted
from hub.idempotency import recall, remember
from hub.inbox.cursors import Counts, Cursor
from hub.inbox.ops import FOCUSED, OPS, REASONS
from hub.inbox.requests import MAX_SNOOZE, Mark, parse_mark
from hub.inbox.selectors import ALIVE, counts_of
from hub.inbox.wire import state_frame
from hub.webhooks import outbox
from hub.webhooks.catalogue import MARKS

# A frame lists the ids of its change, so a bigger mark is several changes.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a mark came to: `changed` items, the cursor of its last change (or the head), the counts there. `replayed`:
    its key had been used, so this is the first answer."""

    cursor: Cursor
    changed: int
    counts: Counts
    replayed: bool = field(default=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        return {"changed": self.changed, "counts": self.counts.as_dict(), "cursor": str(self.cursor)}


@dataclass(frozen=True, slots=True)
class Ack:
    """A session has stored everything up to `seq`; `focused`: with a human looking."""

    subscriber_id: UUID
    seq: int
    focused: bool


@dataclass(frozen=True, slots=True)
class _Change:
    cursor: Cursor
    ids: list[UUID]
    counts: Counts
    at: datetime


def mark(*, subscriber_id: UUID, request: dict[str, Any], origin: str) -> Receipt:
    """Carry out the fields of a `mark` frame. `origin`: the session that asked, for the state frames.

    Raises InvalidRequest. A mark that changes nothing takes no seq. A `key` makes a repeat return the first receipt.
    """
    wanted = parse_mark(request)
    # of what was understood: what is ignored may be nested deeper than anybody can encode
    body_hash = hashlib.sha256(repr(wanted).encode()).hexdigest()
    changed = 0
    while True:
        with transaction.atomic():
            epoch, last_seq, tenant_id, at, heard = _lock_stream(subscriber_id)
            _check_until(wanted.until, at)
            if wanted.key and (known := recall(tenant_id, _principal(subscriber_id), wanted.key, body_hash)):
                return _receipt(known)
            change = _change(subscriber_id, wanted, Cursor(epoch, last_seq + 1), at, heard=heard)
            changed += len(change.ids) if change else 0
            finished = change is None or len(change.ids) < CHUNK
            receipt = _told(change, changed, subscriber_id)
            if wanted.key and finished:
                remember(tenant_id, _principal(subscriber_id), wanted.key, body_hash, 200, receipt.as_dict())
            if change:
                told = [(subscriber_id, change.cursor.seq, _frame(wanted, change, origin))]
                transaction.on_commit(partial(live.publish, told), robust=True)
        if finished:
            return receipt


def _check_until(until: datetime | None, at: datetime) -> None:
    if until is not None and not timedelta(0) < until - at <= MAX_SNOOZE:
        raise InvalidRequest.on("until", f"must be in the future, by {MAX_SNOOZE.days} days at most")


def _principal(subscriber_id: UUID) -> str:
    return f"subscriber:{subscriber_id}"


def _receipt(known: dict[str, Any]) -> Receipt:
    cursor = Cursor.parse(known["cursor"])
    assert cursor is not None  # noqa: S101  we wrote it
    return Receipt(cursor, known["changed"], Counts(**known["counts"]), replayed=True)


def _told(change: _Change | None, changed: int, subscriber_id: UUID) -> Receipt:
    if change:
        return Receipt(change.cursor, changed, change.counts)
    cursor, counts = counts_of(subscriber_id)
    return Receipt(cursor, changed, counts)


def _frame(wanted: Mark, change: _Change, origin: str) -> bytes:
    more: dict[str, Any] = {}
    if wanted.op == "snooze":
        more["until"] = iso(wanted.until)
    if wanted.op == "act":
        more["action"] = wanted.action
    return state_frame(
        op=wanted.op, seq=change.cursor.seq, ids=change.ids, at=change.at, origin=origin, counts=change.counts, **more
    )


_LOCK = f"""
SELECT epoch, last_seq, tenant_id,
    clock_timestamp() + (SELECT clock_offset FROM hub_tenant t WHERE t.id = hub_stream.tenant_id),
    {outbox.listening("hub_stream.tenant_id")}
FROM hub_stream WHERE subscriber_id = %s FOR NO KEY UPDATE
"""  # noqa: S608 constants only


def _lock_stream(subscriber_id: UUID) -> tuple[str, int, UUID, datetime, bool]:
    """Take the stream's lock in a statement of its own, so that the next one's snapshot holds all earlier changes. Last:
    whether any webhook is to hear of this."""
    with connection.cursor() as db:
        db.execute(_LOCK, [subscriber_id])
        row = db.fetchone()
    if row is None:
        raise NotFound("There is no such subscriber.")
    return row[0], row[1], row[2], row[3], row[4]


# an item as it is after the change; of two events about it, the later one has the greater seq
_MARKED = outbox.owed(f"""
SELECT n.tenant_id, n.id, i.subscriber_id, %(told)s::text, %(at)s::timestamptz, jsonb_build_object(
    'id', i.id, 'notification', n.id, 'event', n.event, 'category', n.category, 'subscriber', s.external_id,
    'tags', n.tags, 'group_key', NULLIF(n.group_key, ''), 'seq', i.seq, 'seen_at', {iso_of("i.seen_at")},
    'read_at', {iso_of("i.read_at")}, 'archived_at', {iso_of("i.archived_at")},
    'snoozed_until', {iso_of("i.snoozed_until")}, 'action', NULLIF(i.acted, ''))
FROM changed i JOIN hub_notification n ON n.id = i.notification_id JOIN hub_subscriber s ON s.id = i.subscriber_id
""")  # noqa: S608 constants only
_WITHDRAWN = noted("changed", "changed.unread < 0")
_CHANGE = """
WITH target AS (
    SELECT i.id, i.visible AND i.seen_at IS NULL AS unseen, i.visible AND i.read_at IS NULL AS unread
    FROM hub_inboxitem i WHERE i.subscriber_id = %(subscriber)s AND {alive} AND {where} AND {predicate}
    ORDER BY i.surfaced_seq, i.id LIMIT %(chunk)s
), changed AS (
    UPDATE hub_inboxitem i SET seq = %(seq)s, {assignments} FROM target t WHERE i.id = t.id
    RETURNING i.id, (i.visible AND i.seen_at IS NULL)::int - t.unseen::int AS unseen,
        (i.visible AND i.read_at IS NULL)::int - t.unread::int AS unread, i.notification_id, i.subscriber_id, i.seq,
        i.seen_at, i.read_at, i.archived_at, i.snoozed_until, i.acted
), told AS ({marked}), withdrawn AS ({withdrawn}), cancelled AS (
    UPDATE hub_delivery d SET state = 'cancelled', reason = %(reason)s, finished_at = %(at)s
    WHERE d.item_id IN (SELECT id FROM changed) AND d.state = 'waiting' AND d.cancel_level <= %(level)s
)
UPDATE hub_stream s SET last_seq = %(seq)s, unseen = s.unseen + c.unseen, unread = s.unread + c.unread
FROM (SELECT array_agg(id ORDER BY id) AS ids, sum(unseen) AS unseen, sum(unread) AS unread FROM changed) c
WHERE s.subscriber_id = %(subscriber)s AND c.ids IS NOT NULL
RETURNING c.ids, s.unread, s.unseen, (SELECT count(*) FROM told)
"""


def _change(subscriber_id: UUID, wanted: Mark, cursor: Cursor, at: datetime, *, heard: bool) -> _Change | None:
    op = OPS[wanted.op]
    statement = _CHANGE.format(
        alive=ALIVE,
        where=wanted.where,
        predicate=op.predicate,
        assignments=op.assignments,
        marked=_MARKED if heard else outbox.NOTHING,
        withdrawn=_WITHDRAWN,
    )
    arguments = wanted.arguments | {
        "told": MARKS[wanted.op],
        "subscriber": subscriber_id,
        "seq": cursor.seq,
        "at": at,
        "chunk": CHUNK,
        "until": wanted.until,
        "action": wanted.action,
        "level": op.level,
        "reason": REASONS.get(op.level, ""),
    }
    with connection.cursor() as db:
        db.execute(statement, arguments)
        row = db.fetchone()
    if row is None:
        return None
    outbox.tell(row[3])
    return _Change(cursor, row[0], Counts(row[1], row[2]), at)


# A delivery that somebody else holds is being sent or cancelled at this moment: too late, or needless.
_ACKNOWLEDGE = f"""
WITH acks AS (
    SELECT * FROM unnest(%(subscribers)s::uuid[], %(seqs)s::bigint[], %(focused)s::bool[]) AS a(subscriber_id, seq, focused)
), touched AS (
    SELECT d.id, a.focused AND d.cancel_level <= %(level)s AS cancel
    FROM acks a JOIN hub_delivery d ON d.subscriber_id = a.subscriber_id AND d.state = 'waiting'
    JOIN hub_inboxitem i ON i.id = d.item_id AND i.surfaced_seq <= a.seq
    WHERE NOT d.postponed OR (a.focused AND d.cancel_level <= %(level)s)
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE hub_delivery d SET
    state = CASE WHEN t.cancel THEN 'cancelled' ELSE d.state END,
    reason = CASE WHEN t.cancel THEN 'focused' ELSE d.reason END,
    finished_at = CASE WHEN t.cancel THEN now() END,
    due_at = CASE WHEN t.cancel THEN d.due_at
        ELSE GREATEST(d.due_at, {now_of("d.tenant_id")} + %(grace)s * interval '1 second') END,
    postponed = true
FROM touched t WHERE d.id = t.id
"""  # noqa: S608 constants only


def acknowledge(acks: Sequence[Ack]) -> int:
    """Cancel (focused) or postpone once (plain) the waiting deliveries of what was stored. Returns how many. One statement."""
    if not acks:
        return 0
    with connection.cursor() as db:
        db.execute(
            _ACKNOWLEDGE,
            {
                "subscribers": [ack.subscriber_id for ack in acks],
                "seqs": [ack.seq for ack in acks],
                "focused": [ack.focused for ack in acks],
                "level": FOCUSED,
                "grace": conf.ack_grace,
            },
        )
        return int(db.rowcount)
