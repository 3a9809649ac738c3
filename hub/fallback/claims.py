"""Taking due deliveries: claimed, checked once more, and on record, all committed before a provider is called."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from hub.audience.models import Stream
from hub.clock import due as is_due
from hub.conf import conf
from hub.fallback.attempts import Begun, begin
from hub.fallback.handover import hand_on
from hub.fallback.hours import put_off
from hub.fallback.models import Delivery
from hub.fallback.resting import rest
from hub.fallback.routes import Directions, Route, Routes, directions
from hub.fallback.words import Words, words_to_send
from hub.fallback.work import Work
from hub.ids import uuid7
from hub.notifications.models import Notification
from hub.policy.preferences import is_on
from hub.policy.recheck import Facts, Verdict, recheck
from hub.policy.rooms import Room, Rooms, boundless
from hub.preferences.models import Preference
from hub.preferences.unsubscribe import CHANNEL, link_for
from hub.providers.accounts import Account
from hub.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Batch:
    """What one claim took: `taken` deliveries, of which `works` are to be sent; the others were settled or put off."""

    taken: int
    works: tuple[Work, ...]


def claim(*, channel: str, lane: str, limit: int, room_of: Callable[[Account], Room] = boundless) -> Batch:
    """Take up to `limit` due deliveries of a channel's lane, oldest first. One short transaction, no network in it.

    Each comes with a lease of `delivery_lease` seconds and a new fence. `room_of`: how many an account takes now. One without
    room is passed over where there are others; where there are none the delivery waits for it, and no attempt is made.
    """
    with transaction.atomic():
        taken = _take(channel, lane, limit)
        if not taken:
            return Batch(0, ())
        deliveries = _load(taken)
        found = directions(channel, deliveries, Rooms(room_of))
        words = words_to_send(deliveries)
        verdicts = {d.id: recheck(_facts(d, found, words[d.id])) for d in deliveries}
        _stop({delivery_id: verdict for delivery_id, verdict in verdicts.items() if verdict})
        later = put_off(channel, [d for d in deliveries if verdicts[d.id] is None])
        allowed = [d for d in deliveries if verdicts[d.id] is None and d.id not in later]
        rest({d.id: found.resting[d.id] for d in allowed if d.id in found.resting})
        going = [d for d in allowed if d.id not in found.resting]
        return Batch(len(taken), tuple(_attempt(going, found.routes, words)))


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
    unread = Stream.objects.filter(subscriber=OuterRef("subscriber")).values("unread")
    return list(
        rows.annotate(
            chosen=Subquery(switch.values("enabled")),
            is_expired=past,
            present=present,
            unread=Coalesce(Subquery(unread), 0),
        ).order_by("due_at")
    )


def _facts(delivery: Any, found: Directions, words: Words) -> Facts:
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
        has_destination=delivery.id in found.routes,
        refused=found.refused.get(delivery.id, ""),
        unsayable=bool(words.problem),
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


def _attempt(deliveries: Sequence[Delivery], routes: Routes, words: Mapping[UUID, Words]) -> list[Work]:
    """The works of these deliveries, each on record."""
    going = [(d, route, uuid7()) for d in deliveries for route in routes[d.id]]
    ids = begin(
        [
            Begun(attempt_id, d.tenant_id, d.id, route.destination.address, d.fence, route.account.label)
            for d, route, attempt_id in going
        ]
    )
    return [
        _work(d, ids[d.id, route.destination.address], attempt_id, route, words[d.id].content)
        for d, route, attempt_id in going
    ]


def _work(delivery: Any, destination_id: UUID, attempt_id: UUID, route: Route, content: Mapping[str, Any]) -> Work:
    notification, subscriber = delivery.notification, delivery.subscriber
    ends = [
        (end - delivery.present).total_seconds() for end in (notification.expires_at, delivery.item.expires_at) if end
    ]
    return Work(
        delivery_id=delivery.id,
        destination_id=destination_id,
        attempt_id=attempt_id,
        fence=delivery.fence,
        generation=delivery.generation,
        message_id=f"{delivery.id}.{delivery.generation}",
        account=route.account,
        elsewhere=route.elsewhere,
        address=route.destination.address,
        data=route.destination.data,
        tenant=delivery.tenant.slug,
        notification_id=notification.id,
        item_id=delivery.item_id,
        event=notification.event,
        category=notification.category,
        priority=notification.priority,
        content=content,
        name=subscriber.name,
        locale=subscriber.locale,
        unread=delivery.unread,
        expires_in=min(ends) if ends else None,
        group_key=notification.group_key,
        unsubscribe_url=_unsubscribe_url(delivery),
        request_id=notification.request_id,
    )


def _unsubscribe_url(delivery: Delivery) -> str:
    if delivery.channel != CHANNEL or delivery.notification.required:
        return ""
    return link_for(delivery.subscriber_id, delivery.notification.category)
