"""What follows from the outcome of an attempt: sent, waiting again, or dead. Pure: no clock, no dice, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

# A provider that asks for more patience than this is asked again after a day.
LONGEST_RETRY_AFTER = 24 * 3600.0


class Outcome(StrEnum):
    """What one provider call came to. All but `sent` and `ambiguous` say that nothing was sent."""

    SENT = "sent"
    # this message will never be accepted
    PERMANENT = "permanent"
    # this address will never accept anything
    ADDRESS_DEAD = "address_dead"
    # the provider refuses us, whatever the message
    CONFIGURATION = "configuration"
    # this provider can't reach this address: another project's device, a country that it doesn't serve
    UNFIT = "unfit"
    # the provider answered: later
    THROTTLED = "throttled"
    # the provider wasn't reached
    TRANSIENT = "transient"
    # the provider may or may not have it
    AMBIGUOUS = "ambiguous"
    # nobody was called: the provider is at rest, or its turn came too late
    DEFERRED = "deferred"


FINAL = frozenset({Outcome.PERMANENT, Outcome.ADDRESS_DEAD, Outcome.CONFIGURATION, Outcome.UNFIT})
# nothing was sent, and another provider may do better
ELSEWHERE = frozenset({Outcome.CONFIGURATION, Outcome.UNFIT, Outcome.THROTTLED, Outcome.TRANSIENT})
# why a delivery is dead, the weightiest first: who has no other provider for an address lacks an account
_REASONS = {
    Outcome.CONFIGURATION: "configuration",
    Outcome.UNFIT: "configuration",
    Outcome.PERMANENT: "permanent",
    Outcome.ADDRESS_DEAD: "address_dead",
}
# How many attempts of unknown outcome a delivery may have, and so how many copies may arrive: a text message costs money
# and sleep.
UNKNOWNS = {"push": 2, "email": 2, "sms": 1, "chat": 2}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`first` seconds, doubling up to `ceiling`, `attempts` calls in all, of which `unknowns` may end ambiguous."""

    first: float
    ceiling: float
    attempts: int
    unknowns: int


class Answer(NamedTuple):
    """The outcome at one destination. `retry_after`: seconds that the provider asked for. `elsewhere`: there is another
    provider that was not tried. `safe`: the provider knows a repeat when it sees one, so that an unknown outcome makes no
    second copy."""

    outcome: Outcome
    retry_after: float | None = None
    elsewhere: bool = False
    safe: bool = False

    @property
    def is_final(self) -> bool:
        """No further call would change it."""
        return self.outcome in FINAL and not self.goes_on

    @property
    def goes_on(self) -> bool:
        """It goes to another provider, at once."""
        return self.elsewhere and self.outcome in ELSEWHERE


class Settlement(NamedTuple):
    """What a delivery becomes: `sent`, `waiting` for `delay` seconds, or `dead` with its reason; its new counters."""

    state: str
    reason: str
    attempts: int
    unknowns: int
    delay: float | None = None


def delay_after(
    outcome: Outcome, failures: int, *, policy: RetryPolicy, jitter: float, retry_after: float | None = None
) -> float | None:
    """Seconds to wait after the `failures`-th failed call, or None when there is no further one.

    The provider's own wish comes first. Where it wasn't even reached, the first retry is at once. `jitter` (0…1)
    spreads the others over the last fifth of the wait, or the second that follows what the provider asked for.
    """
    if outcome in FINAL or failures >= policy.attempts:
        return None
    if retry_after is not None:
        return after_wish(retry_after, jitter=jitter)
    # a connection that failed at once has cost nobody anything: its free retry doesn't count as a step
    steps = failures - 1 if outcome is not Outcome.TRANSIENT else failures - 2
    return _backoff(steps, policy) * (1 - 0.2 * jitter) if steps >= 0 else 0.0


def after_wish(retry_after: float, *, jitter: float) -> float:
    """Seconds to wait for who asked for `retry_after`: never less, and no more than a second longer; a day at most."""
    wish = min(max(retry_after, 0.0), LONGEST_RETRY_AFTER)
    return wish + jitter * min(0.1 * wish, 1.0)


def _backoff(steps: int, policy: RetryPolicy) -> float:
    return min(policy.first * 2.0**steps, policy.ceiling)


def settle(
    answers: Sequence[Answer], *, attempts: int, unknowns: int, policy: RetryPolicy, jitter: float
) -> Settlement:
    """What a delivery becomes once each destination of one claim has its answer (at least one).

    `attempts` and `unknowns` are the delivery's counters before. A claim with an ambiguous answer counts as one unknown
    for all its destinations, so none of them is ever called again after `policy.unknowns` unknowns.
    """
    outcomes = {answer.outcome for answer in answers}
    ambiguous = any(a.outcome is Outcome.AMBIGUOUS and not a.safe for a in answers)
    failed = bool(outcomes - {Outcome.SENT, Outcome.DEFERRED})
    attempts += failed and not ambiguous
    unknowns += ambiguous
    open_answers = [a for a in answers if not a.is_final and a.outcome is not Outcome.SENT]
    if not open_answers:
        return Settlement(*_final(outcomes), attempts, unknowns)
    if ambiguous and unknowns >= policy.unknowns:
        return Settlement("dead", "ambiguous", attempts, unknowns)
    delay = _longest_delay(open_answers, attempts + unknowns, policy, jitter)
    if delay is None:
        return Settlement(*_exhausted(outcomes), attempts, unknowns)
    called = any(answer.outcome is not Outcome.DEFERRED for answer in open_answers)
    return Settlement("waiting", "retrying" if called else "provider_resting", attempts, unknowns, delay)


def _final(outcomes: set[Outcome]) -> tuple[str, str]:
    if Outcome.SENT in outcomes:
        return "sent", ""
    return "dead", next(reason for outcome, reason in _REASONS.items() if outcome in outcomes)


def _exhausted(outcomes: set[Outcome]) -> tuple[str, str]:
    """One destination that got it is enough: the subscriber was told."""
    return ("sent", "") if Outcome.SENT in outcomes else ("dead", "retries_exhausted")


def _longest_delay(answers: Sequence[Answer], failures: int, policy: RetryPolicy, jitter: float) -> float | None:
    delays = [_delay(a, failures, policy, jitter) for a in answers]
    return None if None in delays else max(d for d in delays if d is not None)


def _delay(answer: Answer, failures: int, policy: RetryPolicy, jitter: float) -> float | None:
    if answer.outcome is Outcome.DEFERRED:
        # not a failure: it takes none of the attempts
        return after_wish(answer.retry_after or 0.0, jitter=jitter)
    if answer.goes_on and failures < policy.attempts:
        return 0.0
    return delay_after(answer.outcome, failures, policy=policy, jitter=jitter, retry_after=answer.retry_after)
