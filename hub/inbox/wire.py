"""Items and durable frames as JSON. One encoder; what many subscribers share is encoded once and spliced."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from hub.clock import iso
from hub.inbox.cursors import Counts

# The columns that `ItemRow` holds, of hub_inboxitem i, hub_notification n and hub_rendition said. A tombstone needs no content.
ITEM_COLUMNS = """i.id, i.seq, i.surfaced_seq, i.created_at, i.expires_at, i.seen_at, i.read_at, i.archived_at,
    i.snoozed_until, i.acted, i.acted_at, i.deleted_at, i.retracted_at, i.expired_at,
    n.event, n.category, CASE WHEN COALESCE(i.deleted_at, i.retracted_at, i.expired_at) IS NULL
        THEN COALESCE(said.content, n.content) END,
    n.tags, n.priority, n.group_key"""
# What an item says, beside the item: its notification, and that in the item's language where it has another.
ITEM_SAYS = """JOIN hub_notification n ON n.id = i.notification_id
    LEFT JOIN hub_rendition said ON i.locale <> '' AND said.notification_id = i.notification_id
    AND said.locale = i.locale"""


class ItemRow(NamedTuple):
    """An inbox item with what its notification says, in the order of `ITEM_COLUMNS`."""

    id: UUID
    seq: int
    surfaced_seq: int
    created_at: datetime
    expires_at: datetime | None
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    snoozed_until: datetime | None
    acted: str
    acted_at: datetime | None
    deleted_at: datetime | None
    retracted_at: datetime | None
    expired_at: datetime | None
    event: str
    category: str
    content: Any
    tags: list[str]
    priority: str
    group_key: str


def encode_row(row: ItemRow) -> bytes:
    """An item, or its tombstone once it is gone."""
    gone = "deleted" if row.deleted_at else "retracted" if row.retracted_at else "expired" if row.expired_at else None
    if gone:
        return tombstone(row.id, row.seq, gone)
    own = {
        "id": row.id,
        "seq": row.seq,
        "surfaced_seq": row.surfaced_seq,
        "seen_at": iso(row.seen_at),
        "read_at": iso(row.read_at),
        "archived_at": iso(row.archived_at),
        "snoozed_until": iso(row.snoozed_until),
        "acted": {"action": row.acted, "at": iso(row.acted_at)} if row.acted else None,
    }
    return orjson.dumps(own)[:-1] + b"," + shared_part(row._asdict())


def new_item(item_id: UUID, seq: int, shared: bytes) -> bytes:
    """An item as it is born; `shared` is `shared_part` of its notification."""
    return (
        b'{"id":"%b","seq":%d,"surfaced_seq":%d,"seen_at":null,"read_at":null,"archived_at":null,'
        b'"snoozed_until":null,"acted":null,' % (str(item_id).encode(), seq, seq)
    ) + shared


def shared_part(values: dict[str, Any]) -> bytes:
    """The rest of an item's JSON, closing brace included: what all recipients of a notification have in common."""
    content = values["content"]
    if isinstance(content, str):
        content = orjson.loads(content)
    fields = {
        "event": values["event"],
        "category": values["category"],
        "title": content["title"],
        "body": content["body"],
        "data": content["data"],
        "actor": content["actor"],
        "action_url": content["action_url"],
        "actions": content["actions"],
        "tags": values["tags"],
        "priority": values["priority"],
        "group_key": values["group_key"] or None,
        "created_at": iso(values["created_at"]),
        "expires_at": iso(values["expires_at"]),
    }
    return orjson.dumps(fields)[1:]


def tombstone(item_id: UUID, seq: int, gone: str) -> bytes:
    """What is left of an item that is gone: `deleted`, `retracted` or `expired`."""
    return orjson.dumps({"id": item_id, "seq": seq, "gone": gone})


def notification_frame(*, op: str, seq: int, item: bytes, counts: Counts) -> bytes:
    """`op`: created, updated or retracted."""
    return b'{"type":"notification","seq":%d,"op":"%b","item":%b,"counts":{"unread":%d,"unseen":%d}}' % (
        seq,
        op.encode(),
        item,
        counts.unread,
        counts.unseen,
    )


def state_frame(
    *, op: str, seq: int, ids: Sequence[UUID], at: datetime, origin: str, counts: Counts, **more: Any
) -> bytes:
    """What a mark did. `more`: `until` (snooze) or `action` (act)."""
    frame = {"type": "state", "seq": seq, "op": op, "ids": ids, "at": iso(at), "origin": origin, **more}
    return orjson.dumps(frame | {"counts": counts.as_dict()})
