"""Taking due deliveries: claimed, checked once more, and on record, all committed before a provider is called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from hub.fallback.attempts import Begun, begin
from hub.fallback.handover import hand_on
from hub.fallback.hours import put_off
from hub.fallback.reasons import PROVIDER_RESTING
from hub.fallback.resting import rest
from hub.fallback.routes import Directions, Route, Routes, directions
from hub.fallback.taking import Taken, take_due
from hub.fallback.telling import deliveries_ended
from hub.fallback.words import Words, words_to_send
from hub.fallback.work import Work
from hub.ids import uuid7
from hub.notifications.models import Notification
from hub.policy.preferences import is_on
from hub.policy.recheck import Facts, Verdict, recheck
from hub.policy.rooms import Room, Rooms, boundless
from hub.preferences.unsubscribe import CHANNEL, link_for
from hub.providers.accounts import Account
from hub.tenancy.branding import Branding, branding_of
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
        taken = take_due(channel=channel, lane=lane, limit=limit)
        if not taken:
            return Batch(0, ())
        found = directions(channel, taken, Rooms(room_of))
        words = words_to_send(taken)
        verdicts = {d.id: recheck(_facts(d, found, words[d.id])) for d in taken}
        _stop({delivery_id: verdict for delivery_id, verdict in verdicts.items() if verdict})
        later = put_off(channel, [d for d in taken if verdicts[d.id] is None])
        allowed = [d for d in taken if verdicts[d.id] is None and d.id not in later]
        rest({d.id: found.resting[d.id] for d in allowed if d.id in found.resting}, PROVIDER_RESTING)
        going = [d for d in allowed if d.id not in found.resting]
        return Batch(len(taken), tuple(_attempt(going, found.routes, words)))


def _facts(due: Taken, found: Directions, words: Words) -> Facts:
    notification = due.notification
    return Facts(
        cancel_level=due.cancel_level,
        required=notification.required,
        tenant_active=due.tenant.status == Tenant.Status.ACTIVE,
        notification_cancelled=notification.status == Notification.Status.CANCELLED,
        retracted=due.retracted or notification.status == Notification.Status.RETRACTED,
        expired=due.expired or any(end <= due.present for end in due.expires),
        seen=due.seen,
        read=due.read,
        preference_off=not is_on(due.chosen, default_on=notification.default_on),
        has_destination=due.id in found.routes,
        refused=found.refused.get(due.id, ""),
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
    if dead := [delivery_id for delivery_id, verdict in verdicts.items() if verdict.state == "dead"]:
        deliveries_ended(dead)
    hand_on([delivery_id for delivery_id, verdict in verdicts.items() if verdict.hand_on])


def _attempt(going: Sequence[Taken], routes: Routes, words: Mapping[UUID, Words]) -> list[Work]:
    """The works of these deliveries, each on record."""
    attempts = [(due, route, uuid7()) for due in going for route in routes[due.id]]
    ids = begin(
        [
            Begun(uuid7(), attempt_id, due.tenant.pk, due.id, route.destination.address, due.fence, route.account.label)
            for due, route, attempt_id in attempts
        ]
    )
    tenants = {due.tenant.pk: due.tenant for due in going}
    brandings = {tenant_id: branding_of(tenant) for tenant_id, tenant in tenants.items()}
    return [
        _work(due, ids[due.id, route.destination.address], attempt_id, route, words[due.id], brandings[due.tenant.pk])
        for due, route, attempt_id in attempts
    ]


def _work(due: Taken, destination_id: UUID, attempt_id: UUID, route: Route, words: Words, branding: Branding) -> Work:
    notification = due.notification
    return Work(
        delivery_id=due.id,
        destination_id=destination_id,
        attempt_id=attempt_id,
        fence=due.fence,
        message_id=f"{due.id}.{due.generation}",
        account=route.account,
        elsewhere=route.elsewhere,
        address=route.destination.address,
        data=route.destination.data,
        tenant=due.tenant.slug,
        notification_id=notification.id,
        item_id=due.item_id,
        event=notification.event,
        category=notification.category,
        priority=notification.priority,
        content=words.content,
        name=due.name,
        locale=due.locale,
        unread=due.unread,
        expires_in=min(((end - due.present).total_seconds() for end in due.expires), default=None),
        group_key=notification.group_key,
        unsubscribe_url=_unsubscribe_url(due),
        branding=branding,
        request_id=notification.request_id,
    )


def _unsubscribe_url(due: Taken) -> str:
    if due.channel != CHANNEL or due.notification.required:
        return ""
    return link_for(due.subscriber_id, due.notification.category)
