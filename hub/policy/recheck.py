"""Whether a delivery that has come due should still go out. Pure: plain values in, a verdict out."""

from dataclasses import dataclass
from typing import NamedTuple

SEEN_LEVEL = 2
READ_LEVEL = 3


class Facts(NamedTuple):
    """What is true of a delivery at the instant it is claimed."""

    cancel_level: int
    required: bool
    tenant_active: bool
    notification_cancelled: bool
    retracted: bool
    expired: bool
    seen: bool
    # read, archived, deleted or acted upon
    read: bool
    preference_off: bool
    has_destination: bool
    # why there is an address that it must not go to, and no other; else empty
    refused: str
    # its words could not be rendered in the subscriber's language
    unsayable: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why it doesn't go out. `hand_on`: the next step of the ladder takes its turn."""

    state: str
    reason: str
    hand_on: bool = False


def recheck(facts: Facts) -> Verdict | None:
    """None: send it. Withdrawal comes before wishes, wishes before addresses, so that the reason is the weightiest."""
    if cancelled := _cancelled(facts):
        return Verdict("cancelled", cancelled)
    if facts.preference_off and not facts.required:
        return Verdict("skipped", "preference_off")
    if facts.refused:
        return Verdict("skipped", facts.refused, hand_on=True)
    if not facts.has_destination:
        return Verdict("skipped", "no_destination", hand_on=True)
    if facts.unsayable:
        return Verdict("dead", "content")
    return None


def _cancelled(facts: Facts) -> str:
    reasons = (
        (not facts.tenant_active, "tenant_suspended"),
        (facts.notification_cancelled, "notification_cancelled"),
        (facts.retracted, "retracted"),
        (facts.expired, "expired"),
        (facts.read and facts.cancel_level <= READ_LEVEL, "read"),
        (facts.seen and facts.cancel_level <= SEEN_LEVEL, "seen"),
    )
    return next((reason for holds, reason in reasons if holds), "")
