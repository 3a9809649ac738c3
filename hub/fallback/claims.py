"""Taking due deliveries: claimed, checked once more, and on record, all committed before a provider is called."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Now

from hub.clock import due as is_due
from hub.conf import conf
from hub.fallback.destinations import Addresses, addresses
from hub.fallback.handover import hand_on
from hub.fallback.models import Attempt, Delivery, DeliveryDestination
from hub.ids import uuid7
from hub.notifications.models import Notification
from hub.policy.preferences import is_on
from hub.policy.recheck import Facts, Verdict, recheck
from hub.preferences.models import Preference
from hub.tenancy.models import Tenant

CLOSED = (DeliveryDestination.Outcome.SENT, DeliveryDestination.Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Work:
    """One provider call to make: everything a channel needs, so that it reads no table.

    `message_id` is the same for every attempt of a delivery and differs after a replay: a key for providers that
    recognise repeats. `content` is the notification's: title, body, html, data, actor, action_url, actions, with what it says
    instead on this channel.
    """

    delivery_id: UUID
    destination_id: UUID
    fence: int
    generation: int
    message_id: str
    address: str
    tenant: str
    notification_id: UUID
    item_id: UUID
    event: str
    category: str
    priority: str
    content: Mapping[str, Any]
    name: str
    locale: str
    attempt_id: UUID
    request_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one claim took: `taken` deliveries, of which `works` are to be sent; the others were settled on the spot."""

    taken: int
    works: tuple[Work, ...]


def claim(*, channel: str, lane: str, limit: int, provider: str) -> Batch:
    """Take up to `limit` due deliveries of a channel's lane, oldest first. One short transaction, no network in it.

    Each comes with a lease of `delivery_lease` seconds and a new fence. `provider` goes on the record of the attempts.
    """
    with transaction.atomic():
        taken = _take(channel, lane, limit)
        if not taken:
            return Batch(0, ())
        deliveries = _load(taken)
        open_addresses = _open_addresses(channel, deliveries)
        verdicts = {d.id: recheck(_facts(d, bool(open_addresses.get(d.id)))) for d in deliveries}
        _stop({delivery_id: verdict for delivery_id, verdict in verdicts.items() if verdict})
        going = [d for d in deliveries if verdicts[d.id] is None]
        return Batch(len(taken), tuple(_attempt(going, open_addresses, provider)))


_TAKE = f"""
WITH due AS (
    SELECT id FROM hub_delivery
    WHERE state = 'waiting' AND channel = %s AND lane = %s AND {is_due("due_at", "tenant_id")}
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE hub_delivery d SET state = 'claimed', fence = d.fence + 1, lease_until = now() + %s * interval '1 second'
FROM due WHERE d.id = due.id RETURNING d.id
"""  # noqa: S608 constants only


def _take(channel: str, lane: str, limit: int) -> list[UUID]:
    with connection.cursor() as db:
        db.execute(_TAKE, [channel, lane, limit, conf.delivery_lease])
        return [row[0] for row in db.fetchall()]


def _load(delivery_ids: Collection[UUID]) -> list[Delivery]:
    switch = Preference.objects.filter(
        subscriber=OuterRef("subscriber"), category=OuterRef("notification__category"), channel=OuterRef("channel")
    )
    present = Now() + F("tenant__clock_offset")
    past = (
        Q(notification__expires_at__lte=present) | Q(item__expires_at__lte=present) | Q(item__expired_at__isnull=False)
    )
    rows = Delivery.objects.filter(id__in=delivery_ids).select_related("item", "notification", "subscriber", "tenant")
    return list(rows.annotate(chosen=Subquery(switch.values("enabled")), is_expired=past).order_by("due_at"))


def _open_addresses(channel: str, deliveries: Sequence[Delivery]) -> dict[UUID, list[str]]:
    """Each delivery's addresses, without those that an earlier attempt has settled for good."""
    found: Addresses = addresses(channel, {d.subscriber_id for d in deliveries})
    settled = DeliveryDestination.objects.filter(delivery__in=deliveries, outcome__in=CLOSED)
    closed = set(settled.values_list("delivery", "address"))
    return {d.id: [a for a in found.get(d.subscriber_id, ()) if (d.id, a) not in closed] for d in deliveries}


def _facts(delivery: Any, has_destination: bool) -> Facts:
    item, notification = delivery.item, delivery.notification
    return Facts(
        cancel_level=delivery.cancel_level,
        required=notification.required,
        tenant_active=delivery.tenant.status == Tenant.Status.ACTIVE,
        notification_cancelled=notification.status == Notification.Status.CANCELLED,
        retracted=item.retracted_at is not None or notification.status == Notification.Status.RETRACTED,
        expired=delivery.is_expired,
        seen=item.seen_at is not None,
        read=any((item.read_at, item.archived_at, item.deleted_at, item.acted_at)),
        preference_off=not is_on(delivery.chosen, default_on=notification.default_on),
        has_destination=has_destination,
    )


_STOP = """
UPDATE hub_delivery d SET state = s.state, reason = s.reason, lease_until = NULL, finished_at = now()
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS s(id, state, reason) WHERE d.id = s.id
"""


def _stop(verdicts: Mapping[UUID, Verdict]) -> None:
    if not verdicts:
        return
    states, reasons = [v.state for v in verdicts.values()], [v.reason for v in verdicts.values()]
    with connection.cursor() as db:
        db.execute(_STOP, [list(verdicts), states, reasons])
    hand_on([delivery_id for delivery_id, verdict in verdicts.items() if verdict.hand_on])


def _attempt(deliveries: Sequence[Delivery], where: Mapping[UUID, Iterable[str]], provider: str) -> list[Work]:
    """Put each destination and its attempt on record. What is called without being on record can't be recovered."""
    wanted = [
        DeliveryDestination(tenant_id=d.tenant_id, delivery=d, address=address)
        for d in deliveries
        for address in where[d.id]
    ]
    DeliveryDestination.objects.bulk_create(wanted, ignore_conflicts=True)
    # read back: an address that was tried before keeps its row
    known = DeliveryDestination.objects.filter(delivery__in=deliveries)
    ids = {(row.delivery_id, row.address): row.id for row in known}
    works = [_work(d, ids[d.id, address], address) for d in deliveries for address in where[d.id]]
    tenants = {d.id: d.tenant_id for d in deliveries}
    Attempt.objects.bulk_create(
        Attempt(
            id=w.attempt_id,
            tenant_id=tenants[w.delivery_id],
            destination_id=w.destination_id,
            fence=w.fence,
            provider=provider,
        )
        for w in works
    )
    return works


def _work(delivery: Delivery, destination_id: UUID, address: str) -> Work:
    notification = delivery.notification
    return Work(
        delivery_id=delivery.id,
        destination_id=destination_id,
        fence=delivery.fence,
        generation=delivery.generation,
        message_id=f"{delivery.id}.{delivery.generation}",
        address=address,
        tenant=delivery.tenant.slug,
        notification_id=notification.id,
        item_id=delivery.item_id,
        event=notification.event,
        category=notification.category,
        priority=notification.priority,
        content=notification.content | notification.overrides.get(delivery.channel, {}),
        name=delivery.subscriber.name,
        locale=delivery.subscriber.locale,
        attempt_id=uuid7(),
        request_id=notification.request_id,
    )
