"""Addresses that a delivery must not go to, though there is a way: those on the tenant's suppression list, and numbers whose
owner has not agreed where the tenant asks for that."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from hub.consent.selectors import consented
from hub.fallback.reasons import NO_CONSENT, SUPPRESSED
from hub.fallback.taking import Around, Taken
from hub.suppression.models import Suppression

Refusals = Mapping[tuple[UUID, str], str]


def refusals(channel: str, taken: Sequence[Taken], around: Around) -> Refusals:
    """(delivery, address) → why not, in one query at most. What is required goes to who unsubscribed, or never agreed."""
    places = [(due, one.address) for due in taken for one in around.reached.get(due.subscriber_id, ())]
    listed = around.listed
    asking = [(due, address) for due, address in places if channel == "sms" and _asks(due)]
    agreed = consented(channel, {(due.tenant.pk, address) for due, address in asking})
    silent = {(due.id, address): NO_CONSENT for due, address in asking if (due.tenant.pk, address) not in agreed}
    return silent | {
        (due.id, address): SUPPRESSED for due, address in places if _holds(listed.get((due.tenant.pk, address)), due)
    }


def _holds(reason: str | None, due: Taken) -> bool:
    if reason == Suppression.Reason.UNSUBSCRIBE:
        return not due.notification.required
    return reason is not None


def _asks(due: Taken) -> bool:
    return due.tenant.consent_required and not due.notification.required
