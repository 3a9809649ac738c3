"""What the providers answered, by compare-and-set on the fence: what comes too late changes only its attempt."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from hub.devices.services import Gone, deactivate_gone
from hub.fallback.models import Attempt
from hub.fallback.settlement import Finished, finish_attempts, finish_destinations, lock_claimed, settle_claims
from hub.policy.retry import Answer, Outcome
from hub.suppression.models import Suppression
from hub.suppression.services import Entry, suppress

_ADDRESS = re.compile(r"[^\s<>\"'(),:;]+@[^\s<>\"'(),:;]+|\+\d[\d\s.-]{6,}\d")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Result:
    """What one provider call came to. `retry_after`: seconds. `code`, `answer`: the provider's own words. `elsewhere`,
    `safe`: see `hub.policy.retry.Answer`. `opted_out`: the address is dead because its owner told the provider STOP."""

    delivery_id: UUID
    destination_id: UUID
    fence: int
    outcome: Outcome
    code: str = ""
    answer: str = ""
    retry_after: float | None = None
    provider_message_id: str = ""
    elsewhere: bool = False
    safe: bool = False
    opted_out: bool = False


def record(results: Sequence[Result]) -> int:
    """Settle deliveries. The results of all destinations of one delivery's claim come in the same call. Returns how many
    moved."""
    if not results:
        return 0
    with transaction.atomic():
        held = lock_claimed({r.delivery_id for r in results})
        finished = [(r, _finished(r)) for r in results]
        finish_attempts([f for _, f in finished])
        current = [(r, f) for r, f in finished if r.delivery_id in held and held[r.delivery_id].fence == r.fence]
        finish_destinations([f for _, f in current])
        _let_go([r for r in results if r.outcome is Outcome.ADDRESS_DEAD])
        _suppress([r for r in results if r.opted_out])
        answers: defaultdict[UUID, list[Answer]] = defaultdict(list)
        for result, _ in current:
            answers[result.delivery_id].append(
                Answer(result.outcome, result.retry_after, result.elsewhere, result.safe)
            )
        return settle_claims([held[delivery_id] for delivery_id in answers], answers)


def _let_go(dead: Sequence[Result]) -> None:
    """A device that its provider calls dead is pushed to no more; an answer that comes too late says so too."""
    words = {(r.destination_id, r.fence): redact(r.code) for r in dead}
    if not words:
        return
    attempts = Attempt.objects.filter(
        destination__in=[r.destination_id for r in dead], destination__delivery__channel="push"
    )
    columns = ("destination", "fence", "destination__address", "started_at")
    deactivate_gone(
        [
            Gone(UUID(address), started_at, words[destination_id, fence])
            for destination_id, fence, address, started_at in attempts.values_list(*columns)
            if (destination_id, fence) in words
        ]
    )


def _suppress(stopped: Sequence[Result]) -> None:
    """Whoever told the provider STOP is written to no more, through no account."""
    if not stopped:
        return
    attempts = Attempt.objects.filter(destination__in=[r.destination_id for r in stopped])
    columns = ("destination__delivery__tenant", "destination__delivery__channel", "destination__address", "provider")
    wanted = {(r.destination_id, r.fence) for r in stopped}
    suppress(
        [
            Entry(tenant_id, channel, address, Suppression.Reason.STOP, source=provider)
            for destination_id, fence, tenant_id, channel, address, provider in attempts.values_list(
                "destination", "fence", *columns
            )
            if (destination_id, fence) in wanted
        ]
    )


def redact(answer: str) -> str:
    """`answer` without addresses and control characters, at most 500 characters."""
    return _ADDRESS.sub("<address>", _CONTROL.sub(" ", answer)).strip()[:500] if answer else ""


def _finished(result: Result) -> Finished:
    return Finished(
        destination_id=result.destination_id,
        fence=result.fence,
        outcome=result.outcome,
        code=redact(result.code)[:64],
        answer=redact(result.answer),
        provider_message_id=_CONTROL.sub("", result.provider_message_id)[:255],
        goes_on=Answer(result.outcome, elsewhere=result.elsewhere).goes_on,
    )
