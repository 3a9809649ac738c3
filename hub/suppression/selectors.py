"""Reads of the suppression list."""

from collections.abc import Iterable

from django.db.models import QuerySet

from hub.rows import Question, array
from hub.suppression.digests import Place, by_digest, digest_of
from hub.suppression.models import Suppression
from hub.tenancy.models import Tenant


def suppressions(
    *, tenant: Tenant, channel: str | None = None, reason: str | None = None, address: str | None = None
) -> QuerySet[Suppression]:
    """What is on a tenant's list. `address`: in its one spelling, with its `channel`."""
    found = Suppression.objects.filter(tenant=tenant, lifted_at=None)
    chosen = {"channel": channel, "reason": reason}
    if address is not None:
        chosen["digest"] = digest_of(tenant.pk, str(channel), address)
    return found.filter(**{name: value for name, value in chosen.items() if value is not None})


_CHANNELS = frozenset(Suppression.Channel.values)
_LISTED = (
    "SELECT digest, reason FROM hub_suppression WHERE channel = %s AND digest = ANY(%s::text[]) AND lifted_at IS NULL"
)


def suppressed(channel: str, places: Iterable[Place]) -> Question[dict[Place, str]]:
    """Those of the (tenant, address) that are on the list of `channel`, with the reason of each."""
    if channel not in _CHANNELS:
        return {}
    digests = by_digest(channel, places)
    rows = yield _LISTED, [channel, array(digests)]
    return {digests[digest]: reason for digest, reason in rows}
