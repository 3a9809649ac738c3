"""Where a channel reaches a subscriber, as it stands at this instant: each channel says here how that is found."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from hub.chat.selectors import HAS_CHAT, chats_of
from hub.devices.selectors import HAS_DEVICE, push_targets
from hub.providers.accounts import hub_accounts
from hub.rows import Question, array


@dataclass(frozen=True, slots=True)
class Destination:
    """One address on a channel. `kind`: the kind of provider that alone can reach it; empty: any of the channel.

    `address` names it on record, at most 512 characters; `data` is what the provider needs besides, and is on no record.
    """

    address: str
    kind: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


Destinations = Mapping[UUID, Sequence[Destination]]


@dataclass(frozen=True, slots=True)
class Resolver:
    """`has`: whether there is any address, as SQL on `hub_subscriber s`; `find`: all of them."""

    has: str
    find: Callable[[Collection[UUID]], Question[Destinations]]


_PROFILE = {
    field: f"SELECT id, {field} FROM hub_subscriber WHERE id = ANY(%s::uuid[]) AND {field} <> ''"  # noqa: S608 constants only
    for field in ("email", "phone")
}


def _of_profile(field: str, subscriber_ids: Collection[UUID]) -> Question[Destinations]:
    rows = yield _PROFILE[field], [array(subscriber_ids)]
    return {subscriber_id: (Destination(address),) for subscriber_id, address in rows}


def _devices(subscriber_ids: Collection[UUID]) -> Question[Destinations]:
    """On record a device goes by its id; its token is only in `data`."""
    targets = yield from push_targets(subscriber_ids)
    return {
        subscriber_id: [Destination(str(one.device_id), one.platform, one._asdict()) for one in of_one]
        for subscriber_id, of_one in targets.items()
    }


def _chats(subscriber_ids: Collection[UUID]) -> Question[Destinations]:
    """On record an address goes by its row's id: a webhook's URL lets whoever reads it write there."""
    chats = yield from chats_of(subscriber_ids)
    return {
        subscriber_id: [Destination(str(one.id), one.kind, {"address": one.address}) for one in of_one]
        for subscriber_id, of_one in chats.items()
    }


RESOLVERS: dict[str, Resolver] = {
    "push": Resolver(HAS_DEVICE, _devices),
    "email": Resolver("s.email <> ''", partial(_of_profile, "email")),
    "sms": Resolver("s.phone <> ''", partial(_of_profile, "phone")),
    "chat": Resolver(HAS_CHAT, _chats),
}
_OWN = "EXISTS (SELECT FROM hub_provider p WHERE p.tenant_id = s.tenant_id AND p.channel = '{name}' AND p.active)"


def destinations(channel: str, subscriber_ids: Collection[UUID]) -> Question[Destinations]:
    """The destinations of each subscriber on `channel`. Who has none is absent."""
    return RESOLVERS[channel].find(subscriber_ids)


def reachable(channels: Iterable[str]) -> str:
    """Those of the channels on which a subscriber has an address, and the tenant somebody to carry it there, as SQL on
    `hub_subscriber s`: an array."""
    cases = [f"CASE WHEN {RESOLVERS[name].has}{_carried(name)} THEN '{name}' END" for name in channels]
    return f"array_remove(ARRAY[{', '.join(cases)}]::text[], NULL)"


def _carried(channel: str) -> str:
    return "" if hub_accounts(channel) else " AND " + _OWN.format(name=channel)
