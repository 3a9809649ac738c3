"""Text messages that nobody waits for stay in the hours that their tenant has set."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hub.audience.numbers import place_of
from hub.fallback.reasons import OUTSIDE_HOURS
from hub.policy.hours import next_allowed
from hub.tenancy.hours import window_of


def put_off(channel: str, deliveries: Sequence[Any]) -> set[UUID]:
    """Put those that come outside of the hours of their number off to the next instant within. Returns which were.

    Each has `present`, its tenant's time. The subscriber's own zone comes before those of the number.
    """
    later = {}
    for delivery in deliveries if channel == "sms" else ():
        rule, notification = delivery.tenant.sms_hours, delivery.notification
        if rule and not notification.required and notification.category in rule["categories"]:
            due_at = _allowed(rule, delivery)
            if due_at > delivery.present:
                later[delivery.id] = due_at
    _wait(later)
    return set(later)


def _allowed(rule: dict[str, Any], delivery: Any) -> datetime:
    country, zones = place_of(delivery.subscriber.phone)
    own = (delivery.subscriber.timezone,) if delivery.subscriber.timezone else zones
    return next_allowed(delivery.present, own, window_of(rule, country))


def _wait(later: dict[UUID, datetime]) -> None:
    if not later:
        return
    with connection.cursor() as db:
        db.execute(
            "UPDATE hub_delivery d SET state = 'waiting', reason = %s, lease_until = NULL, due_at = w.due_at "
            "FROM unnest(%s::uuid[], %s::timestamptz[]) AS w(id, due_at) WHERE d.id = w.id",
            [OUTSIDE_HOURS, list(later), list(later.values())],
        )
