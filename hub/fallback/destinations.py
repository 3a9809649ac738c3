"""Where a channel reaches a subscriber, as it stands at this instant: each channel says here how that is found."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from hub.audience.models import Subscriber
from hub.conf import conf

Addresses = Mapping[UUID, Collection[str]]


@dataclass(frozen=True, slots=True)
class Resolver:
    """`has`: whether there is any address, as SQL on `hub_subscriber s`; `find`: all of them, in one query."""

    has: str
    find: Callable[[Collection[UUID]], Addresses]


def _of_profile(field: str, subscriber_ids: Collection[UUID]) -> Addresses:
    rows = Subscriber.objects.filter(id__in=subscriber_ids).exclude(**{field: ""}).values_list("id", field)
    return {subscriber_id: (address,) for subscriber_id, address in rows}


RESOLVERS: dict[str, Resolver] = {
    "email": Resolver("s.email <> ''", partial(_of_profile, "email")),
    "sms": Resolver("s.phone <> ''", partial(_of_profile, "phone")),
}


def addresses(channel: str, subscriber_ids: Collection[UUID]) -> Addresses:
    """The addresses of each subscriber on `channel`, in one query. Who has none is absent; so is everybody on a channel
    that is not configured."""
    if channel not in conf.channels or channel not in RESOLVERS:
        return {}
    return RESOLVERS[channel].find(subscriber_ids)


def reachable() -> str:
    """The channels that have an address of a subscriber, as SQL on `hub_subscriber s`: an array."""
    cases = [f"CASE WHEN {one.has} THEN '{name}' END" for name, one in RESOLVERS.items() if name in conf.channels]
    return f"array_remove(ARRAY[{', '.join(cases)}]::text[], NULL)"
