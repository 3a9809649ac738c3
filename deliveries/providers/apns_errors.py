"""What an answer of APNs means. Pure."""

from aioapns.common import NotificationResult

from deliveries.providers.answers import LATER, meaning_of, seconds_until
from deliveries.providers.errors import AddressDead, Ambiguous, Configuration, SendError, Throttled, Transient, Unfit

EXPIRED = "ExpiredProviderToken"
# reasons that say more than their status; of the others the status decides
_REASONS: dict[str, type[SendError]] = {
    "BadDeviceToken": AddressDead,
    "Unregistered": AddressDead,
    "ExpiredToken": AddressDead,
    # a new one is made, and this was not even looked at
    EXPIRED: Transient,
    "TooManyProviderTokenUpdates": Throttled,
    "MissingTopic": Configuration,
    # of the app that the device names, or of its token
    **dict.fromkeys(("BadTopic", "TopicDisallowed", "DeviceTokenNotForTopic"), Unfit),
}


def refusal(result: NotificationResult) -> SendError:
    """For a result that is no success."""
    reason = result.description or ""
    meaning = _REASONS.get(reason) or _by_status(result.status, reason)
    retry_after = seconds_until(getattr(result, "retry_after", "")) if meaning is Throttled else None
    return meaning(reason or result.status, result.status, retry_after=retry_after)


def _by_status(status: str, reason: str) -> type[SendError]:
    if not status.isdecimal():
        return Ambiguous
    code = int(status)
    if code == 410:
        return AddressDead
    if code >= 500 and code not in LATER:
        # Apple's own word that it failed, or somebody's in between, who can't know
        return Throttled if reason else Ambiguous
    return meaning_of(code)
