"""What the providers answered, by compare-and-set on the fence: what comes too late changes only its attempt."""

import re
from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from hub.chat import services as chat
from hub.devices import services as devices
from hub.fallback.models import Attempt
from hub.fallback.settlement import Claimed, Finished, settle_claims
from hub.history import Gone
from hub.policy.retry import Answer, Outcome
from hub.suppression.models import Suppression
from hub.suppression.services import Entry, suppress

_ADDRESS = re.compile(r"[^\s<>\"'(),:;]+@[^\s<>\"'(),:;]+|\+\d[\d\s.-]{6,}\d")
STOP, HARD_BOUNCE = Suppression.Reason.STOP, Suppression.Reason.HARD_BOUNCE
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class Result(NamedTuple):
    """What one provider call came to. `retry_after`: seconds. `code`, `answer`: the provider's own words. `elsewhere`,
    `safe`: see `hub.policy.retry.Answer`. `opted_out`: the address is dead because its owner told the provider STOP."""

    claimed: Claimed
    destination_id: UUID
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
    dead = [r for r in results if r.outcome is Outcome.ADDRESS_DEAD]
    answers: defaultdict[Claimed, list[Answer]] = defaultdict(list)
    for r in results:
        answers[r.claimed].append(Answer(r.outcome, r.retry_after, r.elsewhere, r.safe))
    with transaction.atomic() if dead else nullcontext():
        moved = settle_claims(answers, map(_finished, results))
        if dead:
            _write_off(dead)
        return moved


def _write_off(dead: Sequence[Result]) -> None:
    """Use no more what a provider calls dead, even in an answer that comes too late: its device or chat is let go; a mailbox
    that does not exist, and whoever told it STOP, is written to through no account."""
    said = {(r.destination_id, r.claimed.fence): r for r in dead}
    attempts = Attempt.objects.filter(destination__in=[r.destination_id for r in dead]).values_list(
        *("destination", "fence", "destination__delivery__tenant", "destination__delivery__channel"),
        *("destination__address", "provider", "started_at"),
    )
    of_them = [(said[row[:2]], *row[2:]) for row in attempts if row[:2] in said]
    for own, deactivate in (("push", devices.deactivate_gone), ("chat", chat.deactivate_gone)):
        gone = [Gone(UUID(address), at, _word(r)) for r, _, channel, address, _, at in of_them if channel == own]
        if gone:
            deactivate(gone)
    suppress(
        [
            Entry(tenant_id, channel, address, STOP if r.opted_out else HARD_BOUNCE, source=label)
            for r, tenant_id, channel, address, label, _ in of_them
            if r.opted_out or channel == "email"
        ]
    )


def _word(result: Result) -> str:
    """Some have no codes, and only say it."""
    return redact(result.code or result.answer)


def redact(answer: str) -> str:
    """`answer` without addresses and control characters, at most 500 characters."""
    return _ADDRESS.sub("<address>", _storable(answer, " ")).strip()[:500] if answer else ""


def _storable(text: str, instead: str) -> str:
    """Without what the database refuses: strangers' servers write headers of any bytes, and what they say must spoil nobody
    else's record."""
    return _CONTROL.sub(instead, text).encode(errors="replace").decode()


def _finished(result: Result) -> Finished:
    return Finished(
        delivery_id=result.claimed.id,
        destination_id=result.destination_id,
        fence=result.claimed.fence,
        outcome=result.outcome,
        code=redact(result.code)[:64],
        answer=redact(result.answer),
        provider_message_id=_storable(result.provider_message_id, "")[:255],
        goes_on=Answer(result.outcome, elsewhere=result.elsewhere).goes_on,
    )
