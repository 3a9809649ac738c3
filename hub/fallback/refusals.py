"""Addresses that a delivery must not go to, though there is a way: those on the tenant's suppression list."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from hub.fallback.destinations import Destinations
from hub.fallback.models import Delivery
from hub.fallback.reasons import SUPPRESSED
from hub.suppression.models import Suppression
from hub.suppression.selectors import suppressed

Refusals = Mapping[tuple[UUID, str], str]


def refusals(channel: str, deliveries: Sequence[Delivery], found: Destinations) -> Refusals:
    """(delivery, address) → why not, in one query. Who unsubscribed still gets what is required."""
    places = [
        (delivery, destination.address)
        for delivery in deliveries
        for destination in found.get(delivery.subscriber_id, ())
    ]
    listed = suppressed(channel, {(delivery.tenant_id, address) for delivery, address in places})
    return {
        (delivery.id, address): SUPPRESSED
        for delivery, address in places
        if _holds(listed.get((delivery.tenant_id, address)), delivery)
    }


def _holds(reason: str | None, delivery: Delivery) -> bool:
    if reason == Suppression.Reason.UNSUBSCRIBE:
        return not delivery.notification.required
    return reason is not None
