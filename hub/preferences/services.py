"""Changes of what a subscriber wants."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from hub.audience.models import Subscriber
from hub.exceptions import FieldError, InvalidRequest
from hub.preferences.models import Preference
from hub.preferences.selectors import Cell, matrix


@dataclass(frozen=True, slots=True)
class Change:
    """A switch to set; `enabled` None takes the subscriber's own choice back."""

    category: str
    channel: str
    enabled: bool | None


@transaction.atomic
def change_preferences(*, subscriber: Subscriber, changes: Sequence[Change]) -> None:
    """Set these switches, all or none. Raises InvalidRequest naming each that doesn't exist or is locked."""
    cells = {(row.category, channel): cell for row in matrix(subscriber) for channel, cell in row.channels.items()}
    wanted = {(change.category, change.channel): change.enabled for change in changes}
    _refuse(changes, cells)
    ordered = sorted(wanted.items())
    for (category, channel), enabled in ordered:
        if enabled is None:
            Preference.objects.filter(subscriber=subscriber, category=category, channel=channel).delete()
    Preference.objects.bulk_create(
        [
            Preference(
                tenant_id=subscriber.tenant_id,
                subscriber=subscriber,
                category=category,
                channel=channel,
                enabled=enabled,
            )
            for (category, channel), enabled in ordered
            if enabled is not None
        ],
        update_conflicts=True,
        unique_fields=["subscriber", "category", "channel"],
        update_fields=["enabled"],
    )


def _refuse(changes: Sequence[Change], cells: dict[tuple[str, str], Cell]) -> None:
    errors = []
    for index, change in enumerate(changes):
        cell = cells.get((change.category, change.channel))
        if cell is None:
            errors.append(FieldError(f"changes.{index}", "not_found", "There is no such category and channel."))
        elif cell.locked:
            errors.append(FieldError(f"changes.{index}", "locked", "This is required and can't be switched."))
    if errors:
        raise InvalidRequest("Some switches can't be set.", errors)
