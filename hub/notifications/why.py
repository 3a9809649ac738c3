"""Why somebody got an item: what it is, how they came to be among its recipients, what they chose, what was tried.

Only the asker's own: no other recipient, no filter's terms, no address.
"""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from hub.audience.models import Subscriber
from hub.exceptions import NotFound
from hub.fallback.models import Delivery
from hub.fallback.reasons import TO_THE_SUBSCRIBER
from hub.inbox.models import GONE, InboxItem
from hub.notifications.models import Notification
from hub.preferences.selectors import Cell, matrix

_AUDIENCES = {
    "named": "It was addressed to you.",
    "topic": "You followed the topic “{topic}”.",
    "filter": "You were among those whom it was meant for.",
    "all": "It was sent to everybody.",
}
_SOURCES = {
    "required": "is always on for this category",
    "subscriber": "is your own choice for this category",
    "tenant": "is what the application chose for this category",
    "default": "is on unless you switch it off",
}
_STATES = {
    "waiting": "It will be sent by {channel}, unless that becomes needless.",
    "claimed": "It is being sent by {channel}.",
    "sent": "It was sent by {channel}.",
    "cancelled": "It was not sent by {channel}: {reason}",
    "skipped": "It was not sent by {channel}: {reason}",
    "dead": "It could not be delivered by {channel}.",
    "replayed": "It could not be delivered by {channel} at first, and was tried again.",
}


def why(*, subscriber: Subscriber, item_id: UUID) -> dict[str, Any]:
    """The reasons as codes, and in `words`, a sentence each. Raises NotFound for what is not in this inbox."""
    alive = dict.fromkeys((f"{column}__isnull" for column in GONE), True)
    items = InboxItem.objects.select_related("notification").defer("notification__content")
    item = items.filter(subscriber=subscriber, pk=item_id, hidden_reason="", **alive).first()
    if item is None:
        raise NotFound("There is no such item in this inbox.")
    source = item.notification
    audience = _audience(subscriber, source)
    preferences = _preferences(subscriber, source)
    channels = [_channel(delivery) for delivery in Delivery.objects.filter(item=item).order_by("step", "generation")]
    return {
        "id": item.pk,
        "event": source.event,
        "category": source.category,
        "created_at": item.created_at,
        "audience": audience,
        "preferences": {channel: asdict(cell) for channel, cell in preferences.items()},
        "channels": channels,
        "words": [
            _AUDIENCES[audience["kind"]].format(**audience),
            *(_preference_words(channel, cell) for channel, cell in preferences.items()),
            *(_channel_words(channel) for channel in channels),
        ],
    }


def _audience(subscriber: Subscriber, source: Notification) -> dict[str, Any]:
    """The nearest of the ways in which they were meant: by name, by a topic, by a filter, as one of all."""
    audience = source.audience
    names = {entry if isinstance(entry, str) else entry.get("external_id") for entry in audience.get("to", ())}
    topics = {topic["id"]: topic["key"] for topic in audience.get("topics", ())}
    if subscriber.external_id not in names and topics:
        followed = subscriber.memberships.filter(topic__in=topics).values_list("topic_id", flat=True).first()
        if followed:
            return {"kind": "topic", "topic": topics[str(followed)]}
    if subscriber.external_id in names:
        return {"kind": "named"}
    return {"kind": "filter" if audience.get("filters") or not audience.get("all") else "all"}


def _preferences(subscriber: Subscriber, source: Notification) -> dict[str, Cell]:
    """As they are now; a notification that had to be sent asked nobody."""
    cells = next((row.channels for row in matrix(subscriber) if row.category == source.category), {})
    return {channel: Cell(True, "required", True) if source.required else cell for channel, cell in cells.items()}


def _channel(delivery: Delivery) -> dict[str, Any]:
    return {
        "channel": delivery.channel,
        "state": delivery.state,
        "reason": delivery.reason or None,
        "due_at": delivery.due_at,
        "finished_at": delivery.finished_at,
    }


def _preference_words(channel: str, cell: Cell) -> str:
    switch = "" if cell.enabled else " (off)"
    return f"{_name(channel)}{switch} {_SOURCES[cell.source]}."


def _channel_words(channel: dict[str, Any]) -> str:
    reason = TO_THE_SUBSCRIBER.get(channel["reason"], "it was not needed.")
    return _STATES[channel["state"]].format(channel=_name(channel["channel"]).lower(), reason=reason)


def _name(channel: str) -> str:
    return {"in_app": "The inbox", "sms": "Text message"}.get(channel, channel.capitalize())
