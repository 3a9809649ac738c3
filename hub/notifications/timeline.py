"""What became of a notification: every decision, provider call and reaction with its reason, in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.callbacks.models import DeliveryEvent
from hub.fallback.models import Attempt, Delivery
from hub.fallback.reasons import SENTENCES
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.policy.masking import mask

PAGE = 50
# changes and replays that a timeline shows: the newest
LATEST = 100
_REACTIONS = ("seen_at", "read_at", "archived_at", "acted_at", "deleted_at", "retracted_at", "expired_at")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or is planned, at an instant. `subscriber` is empty for the notification itself."""

    at: datetime
    kind: str
    subscriber: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {"at": self.at, "kind": self.kind, "subscriber": self.subscriber or None, **self.details}


@dataclass(frozen=True, slots=True)
class Timeline:
    """The events of a page of recipients. `next` is the recipient to go on after, None at the end."""

    events: list[Event]
    next: UUID | None


def timeline(
    notification: Notification, *, after: UUID | None = None, subscriber: str | None = None, limit: int = PAGE
) -> Timeline:
    """What happened to a notification; `limit` recipients at a time, or one `subscriber` alone (its external id)."""
    items = InboxItem.objects.filter(notification=notification).select_related("subscriber").order_by("subscriber_id")
    if subscriber is not None:
        items = items.filter(subscriber__external_id=subscriber)
    if after is not None:
        items = items.filter(subscriber_id__gt=after)
    page = list(items[: limit + 1])
    following = page[limit - 1].subscriber_id if len(page) > limit else None
    page = page[:limit]
    names = {item.subscriber_id: item.subscriber.external_id for item in page}
    events = [] if after else list(_of_notification(notification))
    for item in page:
        events.extend(_of_item(item, names))
    events.extend(_of_deliveries(notification, names))
    return Timeline(sorted(events, key=lambda event: event.at), following)


def _of_notification(notification: Notification) -> Iterator[Event]:
    yield Event(notification.created_at, "accepted", details=_origin(notification))
    if notification.send_at and not notification.cancelled_at:
        yield Event(notification.send_at, "due")
    if notification.processed_at:
        yield Event(notification.processed_at, "processed", details={"recipients": notification.recipients})
    for change in notification.changes.order_by("-pk")[:LATEST]:
        yield Event(change.at, change.kind, details={"by": change.by, **change.moved})
    for replay in notification.replays.order_by("-pk")[:LATEST]:
        yield Event(replay.created_at, "replayed", details={"notification": replay.pk, "by": replay.creator})


def _origin(notification: Notification) -> dict[str, Any]:
    again = {"replay_of": notification.replay_of_id} if notification.replay_of_id else {}
    asked = {"by": notification.creator, "request_id": notification.request_id or None}
    return asked | again


def _of_item(item: InboxItem, names: dict[UUID, str]) -> Iterator[Event]:
    name = names[item.subscriber_id]
    hidden = {"reason": item.hidden_reason} if item.hidden_reason else {}
    yield Event(item.created_at, "item.hidden" if hidden else "item.created", name, hidden)
    for column in _REACTIONS:
        at = getattr(item, column)
        if at is not None:
            details = {"action": item.acted} if column == "acted_at" else {}
            yield Event(at, f"item.{column.removesuffix('_at')}", name, details)
    if item.snoozed_until:
        yield Event(item.snoozed_until, "item.wakes", name)


def _of_deliveries(notification: Notification, names: dict[UUID, str]) -> Iterator[Event]:
    rows = Delivery.objects.filter(notification=notification, subscriber_id__in=names)
    deliveries = {delivery.pk: delivery for delivery in rows}
    attempts = Attempt.objects.filter(destination__delivery__in=deliveries).select_related("destination")
    for attempt in attempts:
        delivery = deliveries[attempt.destination.delivery_id]
        yield from _of_attempt(attempt, delivery, names[delivery.subscriber_id])
    for told in DeliveryEvent.objects.filter(destination__delivery__in=deliveries).select_related("destination"):
        delivery = deliveries[told.destination.delivery_id]
        yield _told(told, delivery, names[delivery.subscriber_id])
    # after the answers that settled them, which are of the same instant
    for delivery in deliveries.values():
        yield from _of_delivery(delivery, names[delivery.subscriber_id])


def _told(told: DeliveryEvent, delivery: Delivery, name: str) -> Event:
    """What the provider told afterwards."""
    about = {"channel": delivery.channel, "delivery": delivery.pk, "address": mask(told.destination.address)}
    said = {"code": told.code or None, "answer": told.answer or None}
    return Event(told.at, f"delivery.{told.kind}", name, about | said)


def _of_delivery(delivery: Delivery, name: str) -> Iterator[Event]:
    channel = {"channel": delivery.channel, "delivery": delivery.pk}
    planned = {"due_at": delivery.due_at, "step": delivery.step, "generation": delivery.generation}
    yield Event(delivery.created_at, "delivery.planned", name, channel | planned)
    reason = {"reason": delivery.reason or None, "explanation": SENTENCES.get(delivery.reason)}
    # what was replayed had been a dead letter; its next generation tells the rest
    state = Delivery.State.DEAD if delivery.state == Delivery.State.REPLAYED else delivery.state
    if delivery.finished_at:
        yield Event(delivery.finished_at, f"delivery.{state}", name, channel | reason)
    elif delivery.reason:
        yield Event(delivery.due_at, f"delivery.{state}", name, channel | reason)


def _of_attempt(attempt: Attempt, delivery: Delivery, name: str) -> Iterator[Event]:
    call = {
        "channel": delivery.channel,
        "delivery": delivery.pk,
        "address": mask(attempt.destination.address),
        "provider": attempt.provider,
    }
    yield Event(attempt.started_at, "attempt.started", name, call)
    if attempt.finished_at:
        answer = {"outcome": attempt.outcome, "code": attempt.code or None, "answer": attempt.answer or None}
        yield Event(attempt.finished_at, "attempt.finished", name, call | answer)
