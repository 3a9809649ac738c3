"""Putting consent on record."""

from datetime import datetime, timedelta

from hub.audience.models import Subscriber
from hub.clock import now
from hub.consent.models import Consent
from hub.content.values import check_text
from hub.exceptions import InvalidRequest
from hub.suppression.digests import digest_of

# clocks of callers may be ahead by this
_AHEAD = timedelta(minutes=5)


def record_consent(
    *, subscriber: Subscriber, channel: str, granted: bool, source: str, given_at: datetime | None = None
) -> Consent:
    """What the subscriber said about the number that they have now; `given_at`: None means now. Raises InvalidRequest."""
    if not subscriber.phone:
        raise InvalidRequest.on("channel", "The subscriber has no number to speak of.")
    if not check_text(source, field="source", limit=200).strip():
        raise InvalidRequest.on("source", "Say where they said so.", "required")
    present = now()
    if given_at is not None and given_at > present + _AHEAD:
        raise InvalidRequest.on("given_at", "This is in the future.")
    row = Consent.objects.create(
        tenant_id=subscriber.tenant_id,
        subscriber=subscriber,
        channel=channel,
        digest=digest_of(subscriber.tenant_id, channel, subscriber.phone),
        granted=granted,
        source=source,
        given_at=given_at or present,
    )
    row.refresh_from_db(fields=["created_at"])
    return row
