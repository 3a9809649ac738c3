"""Where each claimed delivery goes, and who carries it there: its open destinations with an account for each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from hub.fallback.destinations import Destination
from hub.fallback.models import Attempt, DeliveryDestination
from hub.fallback.refusals import refusals
from hub.fallback.taking import Around, Taken
from hub.policy.rooms import Rooms
from hub.policy.routing import Tried, choose
from hub.providers.accounts import Account

SETTLED = frozenset({DeliveryDestination.Outcome.SENT, DeliveryDestination.Outcome.FAILED})


class Route(NamedTuple):
    """A destination, the account that is to reach it, and whether there is another that was not tried."""

    destination: Destination
    account: Account
    elsewhere: bool


Routes = Mapping[UUID, Sequence[Route]]


@dataclass(frozen=True, slots=True)
class Directions:
    """The routes of each delivery; one that nobody can carry anywhere is absent. `refused`: why it must not go where it
    could. `resting`: seconds until those that have routes, but no account with room on any, should come back."""

    routes: Routes
    refused: Mapping[UUID, str]
    resting: Mapping[UUID, float]


def directions(channel: str, taken: Sequence[Taken], around: Around, rooms: Rooms[Account]) -> Directions:
    """Where each delivery goes: not to destinations that an earlier attempt has settled for good, and through accounts that
    have room, first come, first served."""
    forbidden = refusals(channel, taken, around)
    settled, tried = _history([due.id for due in taken if due.fence > 1])
    routes: dict[UUID, list[Route]] = {}
    resting: dict[UUID, float] = {}
    for due in taken:
        candidates = around.serving[due.tenant.pk]
        full = {account.id for account in candidates if rooms.is_full(account)}
        for destination in around.reached.get(due.subscriber_id, ()):
            place = (due.id, destination.address)
            choice = choose(candidates, kind=destination.kind, tried=tried[place], closed=full)
            if choice and place not in settled and place not in forbidden:
                route = Route(destination, candidates[choice.index], choice.elsewhere)
                routes.setdefault(due.id, []).append(route)
        used = {route.account for route in routes.get(due.id, ())}
        if used and all(account.id in full for account in used):
            resting[due.id] = max(rooms.turn(account) for account in used)
        else:
            for account in used:
                rooms.take(account)
    refused = {delivery_id: why for (delivery_id, _), why in forbidden.items() if delivery_id not in routes}
    return Directions(routes, refused, resting)


Place = tuple[UUID, str]


def _history(delivery_ids: Sequence[UUID]) -> tuple[set[Place], defaultdict[Place, list[Tried]]]:
    """What earlier claims left: the destinations that are settled, and who was tried for the others, in order."""
    settled: set[Place] = set()
    tried: defaultdict[Place, list[Tried]] = defaultdict(list)
    if not delivery_ids:
        return settled, tried
    rows = Attempt.objects.filter(destination__delivery__in=delivery_ids).exclude(outcome="deferred")
    columns = ("destination__delivery", "destination__address", "destination__outcome", "provider", "outcome")
    for delivery_id, address, outcome, label, came_of_it in rows.order_by("fence").values_list(*columns):
        place = (delivery_id, address)
        tried[place].append(Tried(label, came_of_it))
        if outcome in SETTLED:
            settled.add(place)
    return settled, tried
