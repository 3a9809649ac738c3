"""Addresses that a delivery must not go to, though there is a way: those on the tenant's suppression list, and numbers whose
owner has not agreed where the tenant asks for that."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from hub.consent.selectors import consented
from hub.fallback.destinations import Destinations
from hub.fallback.models import Delivery
from hub.fallback.reasons import NO_CONSENT, SUPPRESSED
from hub.suppression.models import Suppression
from hub.suppression.selectors import suppressed

Refusals = Mapping[tuple[UUID, str], str]


def refusals(channel: str, deliveries: Sequence[Delivery], found: Destinations) -> Refusals:
    """(delivery, address) → why not, in two queries at most. What is required goes to who unsubscribed, or never agreed."""
    places = [
        (delivery, destination.address)
        for delivery in deliveries
        for destination in found.get(delivery.subscriber_id, ())
    ]
    listed = suppressed(channel, {(delivery.tenant_id, address) for delivery, address in places})
    asking = [(delivery, address) for delivery, address in places if channel == "sms" and _asks(delivery)]
    agreed = consented(channel, {(delivery.tenant_id, address) for delivery, address in asking})
    silent = {(d.id, address): NO_CONSENT for d, address in asking if (d.tenant_id, address) not in agreed}
    return silent | {
        (delivery.id, address): SUPPRESSED
        for delivery, address in places
        if _holds(listed.get((delivery.tenant_id, address)), delivery)
    }


def _holds(reason: str | None, delivery: Delivery) -> bool:
    if reason == Suppression.Reason.UNSUBSCRIBE:
        return not delivery.notification.required
    return reason is not None


def _asks(delivery: Delivery) -> bool:
    return delivery.tenant.consent_required and not delivery.notification.required
