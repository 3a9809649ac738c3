"""Reads of an inbox. Each is one statement, so that items, counts and cursor come from one snapshot."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from hub.conf import conf
from hub.exceptions import InvalidRequest, NotFound
from hub.ids import parse_uuid
from hub.inbox.cursors import Counts, Cursor
from hub.inbox.wire import ITEM_COLUMNS, ITEM_SAYS, ItemRow, encode_row

ALIVE = "i.deleted_at IS NULL AND i.retracted_at IS NULL AND i.expired_at IS NULL AND i.hidden_reason = ''"
FILTERS = {
    "all": "i.visible",
    "unread": "i.visible AND i.read_at IS NULL",
    "archived": f"i.archived_at IS NOT NULL AND {ALIVE}",
    "snoozed": f"i.snoozed_until IS NOT NULL AND i.archived_at IS NULL AND {ALIVE}",
}
MAX_LIMIT = 100
# items that a page of a filtered list looks at, at most
SCAN = 1_000

_FROM = f"hub_inboxitem i {ITEM_SAYS}"


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What changed since a cursor. `items` are (seq, encoded item or tombstone), by seq and id; `cursor` is the head."""

    cursor: Cursor
    counts: Counts
    recovered: bool
    items: list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. `next` is opaque, None on the last page; `cursor` is where a socket resumes from."""

    items: list[bytes]
    next: str | None
    counts: Counts
    cursor: Cursor


_CATCH_UP = f"""
SELECT r.ord, s.epoch, s.last_seq, s.unread, s.unseen,
       r.epoch IS NULL OR (r.epoch = s.epoch AND r.seq BETWEEN s.floor_seq AND s.last_seq), i.*
FROM unnest(%s::int[], %s::uuid[], %s::text[], %s::bigint[]) AS r(ord, subscriber_id, epoch, seq)
JOIN hub_stream s ON s.subscriber_id = r.subscriber_id
LEFT JOIN LATERAL (
    SELECT {ITEM_COLUMNS} FROM {_FROM}
    WHERE i.subscriber_id = r.subscriber_id AND i.seq > r.seq
      AND r.epoch = s.epoch AND r.seq BETWEEN s.floor_seq AND s.last_seq
    ORDER BY i.seq, i.id LIMIT %s
) i ON true
ORDER BY r.ord, i.seq, i.id
"""  # noqa: S608 constants only


def catch_up(requests: Sequence[tuple[UUID, Cursor | None]]) -> list[CatchUp | None]:
    """For each (subscriber, cursor) what happened since; None where there is no such subscriber.

    Without a cursor: the head alone. `recovered` is false for another epoch, below the floor, ahead of the head, or
    more than `catch_up_limit` changes behind.
    """
    limit = conf.catch_up_limit
    answers: list[CatchUp | None] = [None] * len(requests)
    arguments: list[Any] = [
        list(range(len(requests))),
        [subscriber_id for subscriber_id, _ in requests],
        [cursor and cursor.epoch for _, cursor in requests],
        [cursor and cursor.seq for _, cursor in requests],
        limit + 1,
    ]
    with connection.cursor() as db:
        db.execute(_CATCH_UP, arguments)
        for ord_, rows in groupby(db.fetchall(), key=lambda row: row[0]):
            answers[ord_] = _answer(list(rows), limit)
    return answers


def _answer(rows: list[Any], limit: int) -> CatchUp:
    _, epoch, last_seq, unread, unseen, recovered, *_ = rows[0]
    items = [ItemRow(*row[6:]) for row in rows if row[6] is not None]
    recovered = recovered and len(items) <= limit
    encoded = [(item.seq, encode_row(item)) for item in items] if recovered else []
    return CatchUp(Cursor(epoch, last_seq), Counts(unread, unseen), recovered, encoded)


def counts_of(subscriber_id: UUID) -> tuple[Cursor, Counts]:
    """Head and counts of one subscriber. Raises NotFound."""
    with connection.cursor() as db:
        db.execute(
            "SELECT epoch, last_seq, unread, unseen FROM hub_stream WHERE subscriber_id = %s",
            [subscriber_id],
        )
        row = db.fetchone()
    if row is None:
        raise NotFound("There is no such subscriber.")
    return Cursor(row[0], row[1]), Counts(row[2], row[3])


def get_item(*, subscriber_id: UUID, item_id: UUID) -> bytes:
    """One item as JSON. Raises NotFound for one that is gone, hidden, or somebody else's."""
    with connection.cursor() as db:
        db.execute(
            f"SELECT {ITEM_COLUMNS} FROM {_FROM} WHERE i.id = %s AND i.subscriber_id = %s AND {ALIVE}",  # noqa: S608
            [item_id, subscriber_id],
        )
        row = db.fetchone()
    if row is None:
        raise NotFound("There is no such item in this inbox.")
    return encode_row(ItemRow(*row))


_RUN = "FROM hub_inboxitem i WHERE i.subscriber_id = %(subscriber)s AND {run} ORDER BY i.surfaced_seq DESC, i.id DESC"
# A run of an index, what is chosen of it, and where the run ends if that is no whole page.
_LIST = f"""
SELECT s.epoch, s.last_seq, s.unread, s.unseen,
       CASE WHEN count(i.id) OVER () <= %(limit)s
       THEN (SELECT i.surfaced_seq || ':' || i.id {_RUN} OFFSET %(scan)s - 1 LIMIT 1) END, i.*
FROM hub_stream s LEFT JOIN LATERAL (
    SELECT {ITEM_COLUMNS} FROM (SELECT i.* {_RUN} LIMIT %(scan)s) i {ITEM_SAYS}
    WHERE {{chosen}} ORDER BY i.surfaced_seq DESC, i.id DESC LIMIT %(limit)s + 1
) i ON true
WHERE s.subscriber_id = %(subscriber)s ORDER BY i.surfaced_seq DESC, i.id DESC
"""  # noqa: S608 constants and placeholders only
_AFTER = "(i.surfaced_seq, i.id) < (%(seq)s, %(id)s)"
_CHOSEN = {
    "category": "i.category = %(category)s",
    "event": "n.event = %(event)s",
    "tag": "%(tag)s = ANY(n.tags)",
    "since": "i.created_at >= %(since)s",
}


def list_items(
    *,
    subscriber_id: UUID,
    filter: str = "all",
    category: str | None = None,
    event: str | None = None,
    tag: str | None = None,
    since: datetime | None = None,
    limit: int = 30,
    cursor: str | None = None,
) -> Page:
    """A page of the inbox, newest surfaced first. Raises InvalidRequest for an unknown filter, limit or cursor.

    `filter` has an index. For the rest at most SCAN of its items are looked at: a page may be short, or empty, and still
    have a next.
    """
    if filter not in FILTERS:
        raise InvalidRequest.on("filter", f"must be one of {', '.join(FILTERS)}")
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequest.on("limit", f"must be between 1 and {MAX_LIMIT}")
    chosen = {"category": category, "event": event, "tag": tag, "since": since}
    statement = _LIST.format(
        run=f"{FILTERS[filter]} AND {'true' if cursor is None else _AFTER}",
        chosen=" AND ".join(_CHOSEN[name] for name, value in chosen.items() if value is not None) or "true",
    )
    seq, item_id = (None, None) if cursor is None else _parse_next(cursor)
    arguments = {"subscriber": subscriber_id, "limit": limit, "scan": SCAN, "seq": seq, "id": item_id, **chosen}
    with connection.cursor() as db:
        db.execute(statement, arguments)
        rows = db.fetchall()
    if not rows:
        raise NotFound("There is no such subscriber.")
    return _page(rows, limit)


def _page(rows: list[Any], limit: int) -> Page:
    epoch, last_seq, unread, unseen, edge, *_ = rows[0]
    items = [ItemRow(*row[5:]) for row in rows if row[5] is not None]
    more = len(items) > limit
    items = items[:limit]
    following = f"{items[-1].surfaced_seq}:{items[-1].id}" if more else edge
    return Page(
        [encode_row(item) for item in items],
        base64.urlsafe_b64encode(following.encode()).decode().rstrip("=") if following else None,
        Counts(unread, unseen),
        Cursor(epoch, last_seq),
    )


def _parse_next(text: str) -> tuple[int, UUID]:
    try:
        seq, _, item_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        seq, item_id = "", ""
    parsed = parse_uuid(item_id)
    if parsed is None or not (seq.isdecimal() and len(seq) <= 18):
        raise InvalidRequest.on("cursor", "is not a cursor that this list gave")
    return int(seq), parsed
