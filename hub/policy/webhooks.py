"""What follows from an endpoint's answer to a webhook: delivered, tried again, or given up. Pure: no clock, no dice."""

from dataclasses import dataclass

from hub.policy.retry import after_wish

# seconds after each failure but the last, as Standard Webhooks advises: 10 attempts within 75 hours and 35 minutes
WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS = len(WAITS) + 1
# an endpoint that has accepted nothing for as long as all attempts of one event take is given up
PATIENCE = 75 * 3600
GONE = 410


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an event becomes at its endpoint: `delivered`, `waiting` for `delay` seconds, or `dead` for a `reason`."""

    state: str
    reason: str = ""
    delay: float = 0.0


def judge(status: int | None, *, attempts: int, jitter: float, retry_after: float | None = None) -> Verdict:
    """`status`: of the answer, None where none came; `attempts`: how many there have been, this one included.

    `jitter` (0…1) spreads retries over a tenth more than the wait. An endpoint's own wish for a longer one is honoured, to the
    second.
    """
    if status is not None and 200 <= status < 300:
        return Verdict("delivered")
    if status == GONE:
        return Verdict("dead", "gone")
    if attempts >= ATTEMPTS:
        return Verdict("dead", "retries_exhausted")
    wait = WAITS[attempts - 1] * (1 + 0.1 * jitter)
    return Verdict("waiting", "retrying", max(wait, after_wish(retry_after or 0.0, jitter=jitter)))


def gives_up(verdict: Verdict, *, failing_for: float) -> bool:
    """Whether the endpoint itself is given up, which has failed without a break for `failing_for` seconds."""
    return verdict.reason == "gone" or (verdict.reason == "retries_exhausted" and failing_for >= PATIENCE)
