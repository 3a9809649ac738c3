"""Whether an account with a provider is asked at all: a circuit breaker. Pure: plain values in, a circuit out.

After some failures in a row it is open: nobody calls. Then it is half open: one call, the probe, is let through, and its
answer closes it or opens it again. A provider that names the instant from which it takes more is left alone until then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from hub.policy.retry import LONGEST_RETRY_AFTER, Answer, Outcome

# it doesn't answer, or refuses whatever it is asked
FAILURES = frozenset({Outcome.TRANSIENT, Outcome.AMBIGUOUS, Outcome.CONFIGURATION})
# it works, whatever it thinks of the message. Of the others, `unfit` says nothing: addresses are chosen by strangers
SUCCESSES = frozenset({Outcome.SENT, Outcome.PERMANENT, Outcome.ADDRESS_DEAD})
# nobody has heard of it for so long (seconds): as good as new
FORGOTTEN = 2 * LONGEST_RETRY_AFTER


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Rule:
    """`failures` in a row open it, for `rest` seconds."""

    failures: int
    rest: float


@dataclass(frozen=True, slots=True)
class Circuit:
    """Of one account. Instants are unix times: until when nobody calls, until when a probe is waited for, and when it last
    changed."""

    failures: int = 0
    rests_until: float = 0.0
    probe_until: float = 0.0
    changed_at: float = 0.0

    def state(self, now: float, rule: Rule) -> State:
        if now < self.rests_until:
            return State.OPEN
        return State.HALF_OPEN if self.failures >= rule.failures else State.CLOSED

    def after(self, answers: Iterable[Answer], now: float, rule: Rule) -> "Circuit":
        """What it becomes when these answers come in, in this order."""
        circuit = self
        for answer in answers:
            circuit = circuit._after(answer, now, rule)
        return circuit

    def probed(self, now: float, lease: float) -> "Circuit":
        """Somebody has taken the probe, and has `lease` seconds for it."""
        return replace(self, probe_until=now + lease, changed_at=now)

    def is_forgotten(self, now: float) -> bool:
        return now > max(self.rests_until, self.changed_at) + FORGOTTEN

    def _after(self, answer: Answer, now: float, rule: Rule) -> "Circuit":
        state = self.state(now, rule)
        if answer.outcome is Outcome.THROTTLED:
            until = now + min(answer.retry_after or 0.0, LONGEST_RETRY_AFTER)
            return Circuit(self.failures, max(self.rests_until, until), 0.0, now)
        if state is State.OPEN:
            # of a call that began before
            return self
        if answer.outcome in SUCCESSES:
            return Circuit()
        if answer.outcome not in FAILURES:
            return self
        failures = min(self.failures + 1, rule.failures)
        return Circuit(failures, now + rule.rest if failures >= rule.failures else self.rests_until, 0.0, now)

    def encoded(self) -> str:
        """As it is stored; empty when there is nothing to remember."""
        if self == Circuit():
            return ""
        instants = (self.rests_until, self.probe_until, self.changed_at)
        return " ".join([str(self.failures), *(repr(float(instant)) for instant in instants)])

    @classmethod
    def decoded(cls, text: str) -> "Circuit":
        """What `encoded` made."""
        if not text:
            return cls()
        failures, *instants = text.split()
        return cls(int(failures), *map(float, instants))
