"""What follows from what a provider told: on record with the destination, on the suppression list, and for webhooks."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hub.audience.models import Subscriber
from hub.callbacks.events import Event, Kind
from hub.callbacks.models import DeliveryEvent
from hub.fallback.record import redact
from hub.fallback.telling import provider_told
from hub.ids import uuid7
from hub.suppression.models import Suppression
from hub.suppression.services import Entry, resume, suppress


@dataclass(frozen=True, slots=True)
class Matched:
    """An event with the destination that it is about."""

    event: Event
    destination_id: UUID
    tenant_id: UUID
    delivery_id: UUID
    channel: str
    address: str
    subscriber_id: UUID
    item_id: UUID
    read_on: str


@dataclass(frozen=True, slots=True)
class Applied:
    """`read`: the (subscriber, item) pairs that count as read by it, old or new: marking twice changes nothing. `unknown`:
    something is about a message of which nothing is on record, or not yet."""

    read: list[tuple[UUID, UUID]]
    unknown: bool


def apply(events: Sequence[Event], *, label: str, tenant_id: UUID | None, received_at: datetime) -> Applied:
    """Put on record what is new in `events`, with all that follows, in the caller's transaction.

    `label`: the account that told; only what it carried, for the tenant that it belongs to, is believed.
    """
    matched = _match(events, label, tenant_id)
    fresh = _note(matched)
    _settle_fates(fresh)
    suppress([entry for one in fresh if (entry := _entry(one, label))])
    _answers(events, label, tenant_id, received_at)
    _tell(fresh)
    read = [(one.subscriber_id, one.item_id) for one in matched if one.event.kind == one.read_on]
    named = {event.message_id for event in events if event.delivery_id is None} - {""}
    return Applied(read, unknown=bool(named - {one.event.message_id for one in matched}))


_MATCH = """
WITH told AS (
    SELECT * FROM unnest(%(numbers)s::int[], %(messages)s::text[], %(deliveries)s::uuid[], %(addresses)s::text[])
        AS told(number, message_id, delivery_id, address)
), found AS (
    SELECT t.number, d.* FROM told t JOIN hub_deliverydestination d ON d.delivery_id = t.delivery_id
        AND (t.address = '' OR lower(d.address) = lower(t.address))
    UNION ALL
    SELECT t.number, d.* FROM told t JOIN hub_deliverydestination d ON d.provider_message_id = t.message_id
        AND d.provider_message_id <> '' WHERE t.delivery_id IS NULL
)
SELECT f.number, f.id, f.tenant_id, f.delivery_id, y.channel, f.address, y.subscriber_id, y.item_id, t.read_on
FROM found f JOIN hub_delivery y ON y.id = f.delivery_id JOIN hub_tenant t ON t.id = f.tenant_id
WHERE (%(tenant)s::uuid IS NULL OR f.tenant_id = %(tenant)s)
    AND EXISTS (SELECT FROM hub_attempt a WHERE a.destination_id = f.id AND a.provider = %(label)s)
ORDER BY f.number, f.id
"""


def _match(events: Sequence[Event], label: str, tenant_id: UUID | None) -> list[Matched]:
    arguments: dict[str, Any] = {
        "numbers": list(range(len(events))),
        "messages": [event.message_id[:255] for event in events],
        "deliveries": [event.delivery_id for event in events],
        "addresses": [event.address if event.delivery_id else "" for event in events],
        "tenant": tenant_id,
        "label": label,
    }
    with connection.cursor() as db:
        db.execute(_MATCH, arguments)
        return [Matched(events[row[0]], *row[1:]) for row in db.fetchall()]


def _note(matched: Sequence[Matched]) -> list[Matched]:
    """Those that were not on record."""
    rows = {(one.destination_id, one.event.kind, _name(one.event)): one for one in matched}
    made = [
        DeliveryEvent(
            id=uuid7(),
            tenant_id=one.tenant_id,
            destination_id=one.destination_id,
            kind=one.event.kind,
            at=one.event.at,
            code=redact(one.event.code)[:64],
            answer=redact(one.event.answer),
            name=_name(one.event),
        )
        for one in rows.values()
    ]
    DeliveryEvent.objects.bulk_create(made, ignore_conflicts=True)
    stored = set(DeliveryEvent.objects.filter(pk__in=[row.pk for row in made]).values_list("pk", flat=True))
    return [one for one, row in zip(rows.values(), made, strict=True) if row.pk in stored]


def _name(event: Event) -> str:
    """A repeat has the same: the provider's name for it, else what it says."""
    said = event.id or f"{event.at.isoformat()} {event.code}"
    return hashlib.sha256(said.encode()).hexdigest()


# whichever comes first or last: what is worse stays
_FATES = (Kind.DELIVERED, Kind.FAILED, Kind.BOUNCED, Kind.COMPLAINED)
# whoever opens a mail has it
_HAS_IT = (Kind.OPENED, Kind.CLICKED)
_FATE = """
UPDATE hub_deliverydestination d SET fate = (%(fates)s::text[])[f.rank] FROM (
    SELECT id, max(array_position(%(fates)s::text[], fate)) AS rank
    FROM unnest(%(ids)s::uuid[], %(told)s::text[]) AS u(id, fate) GROUP BY id
) f WHERE d.id = f.id AND f.rank > COALESCE(array_position(%(fates)s::text[], d.fate), 0)
"""


def _settle_fates(fresh: Sequence[Matched]) -> None:
    fates = [(one.destination_id, Kind.DELIVERED if one.event.kind in _HAS_IT else one.event.kind) for one in fresh]
    told = [(destination_id, str(fate)) for destination_id, fate in fates if fate in _FATES]
    if told:
        ids, said = zip(*told, strict=True)
        with connection.cursor() as db:
            db.execute(_FATE, {"fates": [str(fate) for fate in _FATES], "ids": list(ids), "told": list(said)})


def _entry(one: Matched, label: str) -> Entry | None:
    """Whether its address is written to no more."""
    reasons = {Kind.COMPLAINED: "complaint", Kind.UNSUBSCRIBED: "unsubscribe"}
    lasting = one.event.kind in (Kind.BOUNCED, Kind.FAILED) and one.event.lasting
    reason = "hard_bounce" if lasting else reasons.get(one.event.kind)
    if reason is None or one.channel not in Suppression.Channel.values:
        return None
    return Entry(one.tenant_id, one.channel, one.address, reason, label)


def _answers(events: Sequence[Event], label: str, tenant_id: UUID | None, received_at: datetime) -> None:
    """STOP and START: about a number, whatever it was sent. Each tenant of the account that knows it is meant. A START that is
    worked through late, or once more, takes back no STOP that came after it."""
    for event in (event for event in events if event.kind in (Kind.STOPPED, Kind.STARTED) and event.address):
        knowing = Subscriber.objects.filter(phone=event.address).values_list("tenant", flat=True).distinct()
        meant = [tenant_id] if tenant_id else list(knowing)
        if event.kind == Kind.STOPPED:
            suppress([Entry(tenant, "sms", event.address, "stop", label, received_at) for tenant in meant])
        else:
            resume(tenant_ids=meant, channel="sms", address=event.address, said_at=received_at)


_OF_DELIVERIES = (*_FATES, *_HAS_IT)


def _tell(fresh: Sequence[Matched]) -> None:
    told = [one for one in fresh if one.event.kind in _OF_DELIVERIES]
    if told:
        provider_told([(one.delivery_id, one.event.kind, redact(one.event.code)[:64]) for one in told])
