"""Reads of what subscribers want."""

from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.postgres.aggregates import BoolAnd

from hub.audience.models import Subscriber
from hub.conf import conf
from hub.content.models import EventType
from hub.preferences.models import Preference

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
    required = {MESSAGE: False}
    types = EventType.objects.filter(tenant=subscriber.tenant_id, active=True)
    required |= dict(types.values_list("category").annotate(all_required=BoolAnd("required")).order_by("category"))
    own = Preference.objects.filter(subscriber=subscriber)
    chosen = {(row.category, row.channel): row.enabled for row in own}
    channels = ("in_app", *conf.channels)
    return [
        Row(name, {channel: _cell(required[name], chosen.get((name, channel))) for channel in channels})
        for name in sorted(required)
    ]


def _cell(required: bool, chosen: bool | None) -> Cell:
    if required:
        return Cell(enabled=True, source="required", locked=True)
    if chosen is None:
        return Cell(enabled=True, source="default", locked=False)
    return Cell(enabled=chosen, source="subscriber", locked=False)
