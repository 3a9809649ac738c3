"""Taking due deliveries: claimed and checked once more, then on record, both committed before a provider is called.

Each step is committed by itself, so nothing is locked in between. Who is gone after the first has left no attempt: `recover`
makes such a delivery due again. Who was held up for longer than the lease changes nothing that others have claimed since.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from hub.fallback.attempts import Begun, begin
from hub.fallback.handover import hand_on
from hub.fallback.holding import held
from hub.fallback.hours import put_off
from hub.fallback.reasons import PROVIDER_RESTING
from hub.fallback.resting import rest
from hub.fallback.routes import Directions, Route, directions
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
from hub.rows import records
from hub.tenancy.branding import Branding, branding_of
from hub.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed delivery that is to be sent, and has no attempt yet."""

    due: Taken
    routes: Sequence[Route]
    words: Words

    @property
    def accounts(self) -> dict[str, Account]:
        """Those that are to carry it, by their ids."""
        return {route.account.id: route.account for route in self.routes}


@dataclass(frozen=True, slots=True)
class Batch:
    """What one claim took: `taken` deliveries, of which those `ready` are to be sent; the others were settled or put off."""

    taken: int
    ready: Sequence[Ready]


def claim(*, channel: str, lane: str, limit: int, room_of: Callable[[Account], Room] = boundless) -> Batch:
    """Take up to `limit` due deliveries of a channel's lane, oldest first.

    Each comes with a lease of `delivery_lease` seconds and a new fence. `room_of`: how many an account takes now. One without
    room is passed over where there are others; where there are none the delivery waits for it, and no attempt is made.
    """
    taken, around = take_due(channel=channel, lane=lane, limit=limit)
    if not taken:
        return Batch(0, ())
    found = directions(channel, taken, around, Rooms(room_of))
    words = words_to_send(taken)
    verdicts = {d.id: recheck(_facts(d, found, words[d.id])) for d in taken}
    _stop([(d, verdict) for d in taken if (verdict := verdicts[d.id])])
    later = put_off(channel, [d for d in taken if verdicts[d.id] is None])
    allowed = [d for d in taken if verdicts[d.id] is None and d.id not in later]
    rest([(d, found.resting[d.id]) for d in allowed if d.id in found.resting], PROVIDER_RESTING)
    ready = [Ready(d, found.routes[d.id], words[d.id]) for d in allowed if d.id not in found.resting]
    return Batch(len(taken), ready)


def attempt(ready: Sequence[Ready]) -> list[Work]:
    """What is to be sent, each on record as an attempt. Of a delivery that is not claimed any more there is none."""
    attempts = [(one, route, uuid7()) for one in ready for route in one.routes]
    tenants = {one.due.tenant.pk: one.due.tenant for one in ready}
    brandings = {tenant_id: branding_of(tenant) for tenant_id, tenant in tenants.items()}
    ids = begin([_begun(one.due, route, attempt_id) for one, route, attempt_id in attempts])
    return [
        _work(one.due, destination_id, attempt_id, route, one.words, brandings[one.due.tenant.pk])
        for one, route, attempt_id in attempts
        if (destination_id := ids.get((one.due.id, route.destination.address)))
    ]


_LET_GO = f"""
WITH held AS MATERIALIZED ({held("id uuid, fence int")})
UPDATE hub_delivery d SET state = 'waiting', lease_until = NULL FROM held s WHERE d.id = s.id
"""  # noqa: S608 constants only


def let_go(ready: Sequence[Ready]) -> None:
    """Have these claimed again, by anybody, in the turn that was theirs."""
    if ready:
        with connection.cursor() as db:
            db.execute(_LET_GO, [records({"id": one.due.id, "fence": one.due.fence} for one in ready)])


def _begun(due: Taken, route: Route, attempt_id: UUID) -> Begun:
    address, label = route.destination.address, route.account.label
    return Begun(uuid7(), attempt_id, due.tenant.pk, due.id, address, due.fence, label)


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


_STOP = f"""
WITH held AS MATERIALIZED ({held("id uuid, fence int, state text, reason text")})
UPDATE hub_delivery d SET state = s.state, reason = s.reason, lease_until = NULL, finished_at = now()
FROM held s WHERE d.id = s.id RETURNING d.id
"""  # noqa: S608 constants only


def _stop(stopped: Sequence[tuple[Taken, Verdict]]) -> None:
    if not stopped:
        return
    rows = [{"id": due.id, "fence": due.fence, "state": v.state, "reason": v.reason} for due, v in stopped]
    with transaction.atomic():
        with connection.cursor() as db:
            db.execute(_STOP, [records(rows)])
            ended = {delivery_id for (delivery_id,) in db.fetchall()}
        if dead := [due.id for due, verdict in stopped if due.id in ended and verdict.state == "dead"]:
            deliveries_ended(dead)
        hand_on([due.id for due, verdict in stopped if due.id in ended and verdict.hand_on])


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
        attempts=due.attempts,
        unknowns=due.unknowns,
    )


def _unsubscribe_url(due: Taken) -> str:
    if due.channel != CHANNEL or due.notification.required:
        return ""
    return link_for(due.subscriber_id, due.notification.category)
