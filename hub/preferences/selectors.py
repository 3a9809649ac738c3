"""Reads of what subscribers want."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import BoolAnd, BoolOr

from hub.audience.models import Subscriber
from hub.content.models import EventType
from hub.policy.preferences import is_on
from hub.preferences.models import Preference
from hub.providers.accounts import channels_of

# the category of what is sent without an event type
MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Cell:
    """One switch: whether it is on, who says so (required, subscriber, default), whether it can be switched."""

    enabled: bool
    source: str
    locked: bool


@dataclass(frozen=True, slots=True)
class Row:
    """The switches of a category, by channel."""

    category: str
    channels: dict[str, Cell]

    def as_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {"category": self.category, "channels": {name: asdict(cell) for name, cell in self.channels.items()}}


def matrix(subscriber: Subscriber) -> list[Row]:
    """Every category of the tenant's active event types, and of plain messages, with every channel."""
    kinds = {MESSAGE: (False, True)} | _kinds(subscriber.tenant_id)
    own = Preference.objects.filter(subscriber=subscriber)
    chosen = {(row.category, row.channel): row.enabled for row in own}
    channels = ("in_app", *channels_of(subscriber.tenant_id))
    return [
        Row(name, {channel: _cell(*kinds[name], chosen.get((name, channel))) for channel in channels})
        for name in sorted(kinds)
    ]


def _kinds(tenant_id: UUID) -> dict[str, tuple[bool, bool]]:
    """Of every category, whether all of its types are required, and whether any is on by default."""
    types = EventType.objects.filter(tenant=tenant_id, active=True)
    rows = types.values_list("category").annotate(all_required=BoolAnd("required"), any_on=BoolOr("default_on"))
    return {category: (required, default_on) for category, required, default_on in rows.order_by("category")}


def _cell(required: bool, default_on: bool, chosen: bool | None) -> Cell:
    if required:
        return Cell(enabled=True, source="required", locked=True)
    source = "default" if chosen is None else "subscriber"
    return Cell(enabled=is_on(chosen, default_on=default_on), source=source, locked=False)
