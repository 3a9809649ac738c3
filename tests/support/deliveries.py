"""Rows of the off-app record, made without the way that leads to them."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F, Max
from django.db.models.functions import Now

from hub.audience.models import Subscriber
from hub.fallback.claims import attempt, claim
from hub.fallback.models import Attempt, Delivery
from hub.fallback.record import Result
from hub.fallback.settlement import Claimed
from hub.fallback.work import Work
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.policy.retry import Outcome

CONTENT = {"title": "Hello", "body": "A line.", "html": "", "data": {}, "actor": None, "action_url": "", "actions": []}


def make_item(subscriber: Subscriber, **fields: Any) -> InboxItem:
    """An inbox item with a notification of its own. `fields` go to the notification."""
    notification = Notification.objects.create(
        **{
            "tenant": subscriber.tenant,
            "event": "message",
            "category": "general",
            "audience": {"to": [subscriber.external_id]},
            "content": CONTENT,
            "creator": "code",
        }
        | fields
    )
    seq = InboxItem.objects.filter(subscriber=subscriber).count() + 1
    return InboxItem.objects.create(
        tenant=subscriber.tenant,
        notification=notification,
        subscriber=subscriber,
        category=notification.category,
        seq=seq,
        surfaced_seq=seq,
    )


def owe(subscriber: Subscriber, item: InboxItem | None = None, **fields: Any) -> Delivery:
    """A delivery that has been due for a minute unless `fields` say otherwise: longer than a test's own transaction is open."""
    item = item or make_item(subscriber)
    values = {
        "channel": "email",
        "lane": "high",
        "step": 0,
        "due_at": datetime.now(UTC) - timedelta(minutes=1),
        "after": 0,
        "absent": True,
        "cancel_level": 2,
    }
    return Delivery.objects.create(
        tenant=subscriber.tenant, notification=item.notification, item=item, subscriber=subscriber, **values | fields
    )


class Claim(NamedTuple):
    """What a claim took, and what is to be sent of it, on record."""

    taken: int
    works: tuple[Work, ...]


def take(limit: int = 10, channel: str = "email", lane: str = "high") -> Claim:
    batch = claim(channel=channel, lane=lane, limit=limit)
    return Claim(batch.taken, tuple(attempt(batch.ready)))


def answer(work: Work, outcome: Outcome | str, **fields: Any) -> Result:
    claimed = Claimed(work.delivery_id, work.account.channel, work.fence, work.attempts, work.unknowns)
    return Result(claimed, work.destination_id, Outcome(outcome), **fields)


def state_of(delivery: Delivery) -> tuple[str, str]:
    """And why."""
    delivery.refresh_from_db()
    return delivery.state, delivery.reason


def expire_leases() -> None:
    Delivery.objects.filter(state="claimed").update(lease_until=Now() - timedelta(seconds=1))


def make_due() -> None:
    Delivery.objects.filter(state="waiting").update(due_at=Now() - timedelta(seconds=1))


def copies(delivery: Delivery) -> int:
    """How many copies may have arrived, as far as the record knows."""
    attempts = Attempt.objects.filter(destination__delivery=delivery)
    return attempts.filter(outcome__in=("sent", "ambiguous", "")).count()


def pause_of(delivery: Delivery) -> float:
    """Seconds from its last answer until it is due, both as they are on record."""
    answered = Max("destinations__attempts__finished_at")
    row = Delivery.objects.annotate(pause=F("due_at") - answered).get(id=delivery.id)
    return float(row.pause.total_seconds())  # type: ignore[attr-defined]
