"""Text messages that nobody waits for stay in the hours that their tenant has set."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.audience.numbers import place_of
from hub.fallback.reasons import OUTSIDE_HOURS
from hub.fallback.resting import rest
from hub.fallback.taking import Taken
from hub.policy.hours import next_allowed
from hub.tenancy.hours import window_of


def put_off(channel: str, taken: Sequence[Taken]) -> set[UUID]:
    """Put those that come outside of the hours of their number off to the next instant within. Returns which were.

    The subscriber's own zone comes before those of the number.
    """
    later = []
    for due in taken if channel == "sms" else ():
        rule, notification = due.tenant.sms_hours, due.notification
        if rule and not notification.required and notification.category in rule["categories"]:
            due_at = _allowed(rule, due)
            if due_at > due.present:
                later.append((due, (due_at - due.present).total_seconds()))
    rest(later, OUTSIDE_HOURS)
    return {due.id for due, _ in later}


def _allowed(rule: dict[str, Any], due: Taken) -> datetime:
    country, zones = place_of(due.phone)
    return next_allowed(due.present, (due.timezone,) if due.timezone else zones, window_of(rule, country))
