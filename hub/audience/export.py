"""Everything the record holds about one subscriber, page by page: what they may ask for, and take elsewhere."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from hub.audience.models import Subscriber, TopicMember
from hub.chat.selectors import chat_addresses
from hub.consent.selectors import consents
from hub.content.models import Rendition
from hub.devices.selectors import devices
from hub.exceptions import InvalidRequest
from hub.ids import parse_uuid
from hub.inbox.models import InboxItem
from hub.notifications.languages import renditions
from hub.preferences.models import Preference

_DELIVERIES = "deliveries__destinations__attempts"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of items ended. What was visible comes first, by its last change; hidden items have no `seq`."""

    seq: int | None
    item_id: UUID

    def __str__(self) -> str:
        text = f"{'' if self.seq is None else self.seq}:{self.item_id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Place":
        """What `str` gave. Raises InvalidRequest for anything else."""
        try:
            seq, _, item = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").partition(":")
        except (binascii.Error, ValueError):
            seq, item = "", ""
        item_id = parse_uuid(item)
        if item_id is None or (seq and not (seq.isdecimal() and len(seq) <= 18)):
            raise InvalidRequest.on("cursor", "This is not a cursor of this list.")
        return cls(int(seq) if seq else None, item_id)


def export(subscriber: Subscriber, *, after: Place | None, limit: int) -> tuple[dict[str, Any], Place | None]:
    """A page, and where the next one goes on (None: this was the last).

    The first page says who they are and what they chose; every page has `limit` items, each with its content in the
    language that it was told in, its deliveries, their addresses and every attempt.
    """
    items = _items(subscriber, after, limit + 1)
    more = len(items) > limit
    said = renditions((item.notification_id, item.locale) for item in items[:limit])
    page = {"items": [_item(item, said.get((item.notification_id, item.locale))) for item in items[:limit]]}
    following = Place(items[limit - 1].seq, items[limit - 1].pk) if more else None
    return (_about(subscriber) | page if after is None else page), following


def _about(subscriber: Subscriber) -> dict[str, Any]:
    topics = TopicMember.objects.filter(subscriber=subscriber).select_related("topic").order_by("topic__key")
    return {
        "subscriber": _plain(subscriber) | {"id": subscriber.external_id},
        "preferences": [_plain(row) for row in Preference.objects.filter(subscriber=subscriber).order_by("pk")],
        "devices": [_plain(row) for row in devices(subscriber).order_by("pk")],
        "chat": [_plain(row) for row in chat_addresses(subscriber)],
        "consents": [_plain(row) for row in consents(subscriber).order_by("pk")],
        "topics": [{"key": row.topic.key, "name": row.topic.name} for row in topics],
    }


def _items(subscriber: Subscriber, after: Place | None, limit: int) -> list[InboxItem]:
    """Along the log's index: an item that changes meanwhile may come twice, none is left out."""
    mine = InboxItem.objects.filter(subscriber=subscriber)
    visible, hidden = mine.filter(seq__isnull=False).order_by("seq", "pk"), mine.filter(seq=None).order_by("pk")
    found: list[InboxItem] = []
    if after is None or after.seq is not None:
        if after is not None:
            visible = visible.filter(seq__gte=after.seq).exclude(seq=after.seq, pk__lte=after.item_id)
        found = _whole(visible[:limit])
    elif after is not None:
        hidden = hidden.filter(pk__gt=after.item_id)
    return found + (_whole(hidden[: limit - len(found)]) if len(found) < limit else [])


def _whole(items: "QuerySet[InboxItem]") -> list[InboxItem]:
    return list(items.select_related("notification").prefetch_related(_DELIVERIES))


def _item(item: InboxItem, rendition: Rendition | None) -> dict[str, Any]:
    source = item.notification
    content = rendition.content if rendition and rendition.content else source.content
    about = {name: getattr(source, name) for name in ("event", "priority", "tags", "group_key")}
    return {
        **_plain(item),
        "notification": {"id": source.pk, "created_at": source.created_at, **about, **content},
        "deliveries": [
            _plain(delivery) | {"destinations": [_destination(one) for one in delivery.destinations.all()]}
            for delivery in item.deliveries.all()
        ],
    }


def _destination(destination: Any) -> dict[str, Any]:
    return _plain(destination) | {"attempts": [_plain(attempt) for attempt in destination.attempts.all()]}


def _plain(row: Model) -> dict[str, Any]:
    """A row as it is, without what it belongs to: a column that is added later is exported too."""
    return {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.is_relation}
