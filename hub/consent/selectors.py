"""Reads of consent."""

from collections.abc import Iterable

from django.db.models import QuerySet

from hub.audience.models import Subscriber
from hub.consent.models import Consent
from hub.suppression.digests import Place, by_digest


def consents(subscriber: Subscriber) -> QuerySet[Consent]:
    """All that a subscriber ever said, about numbers that they had before too."""
    return Consent.objects.filter(subscriber=subscriber)


def consented(channel: str, places: Iterable[Place]) -> set[Place]:
    """Those of the (tenant, address) whose owner agreed and did not take it back, in one query."""
    digests = by_digest(channel, places)
    if not digests:
        return set()
    said = Consent.objects.filter(channel=channel, digest__in=digests).order_by("digest", "-given_at", "-id")
    latest = said.distinct("digest").values_list("digest", "granted")
    return {digests[digest] for digest, granted in latest if granted}
