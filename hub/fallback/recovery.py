"""Claims whose holder is gone. What was on record before the call says whether a copy may be out there."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from hub.clock import now_of
from hub.fallback.models import Attempt, Delivery
from hub.fallback.settlement import Claimed, Finished, locked, settle_claims
from hub.policy.retry import Answer, Outcome


def recover(*, limit: int = 500) -> int:
    """Settle deliveries whose lease has ended. Returns how many.

    No attempt on record: due again. An attempt without an outcome: ambiguous, so one more try or parked, as the channel
    allows. Run by anybody at any time: rows that somebody else settles are passed over.
    """
    with transaction.atomic():
        expired = _expired(limit)
        attempts = _attempts(expired)
        _give_back([d.id for d in expired.values() if d.id not in attempts])
        answers = {expired[key]: [_answer(attempt) for attempt in group] for key, group in attempts.items()}
        settle_claims(answers, [_lost(a) for group in attempts.values() for a in group if not a.outcome])
        return len(expired)


def _answer(attempt: Attempt) -> Answer:
    return Answer(Outcome(attempt.outcome or Outcome.AMBIGUOUS))


def _expired(limit: int) -> dict[UUID, Claimed]:
    rows = Delivery.objects.filter(state=Delivery.State.CLAIMED, lease_until__lt=Now())
    return locked(rows.order_by("lease_until").select_for_update(skip_locked=True)[:limit])


def _attempts(deliveries: Mapping[UUID, Claimed]) -> dict[UUID, list[Attempt]]:
    """The attempts of each delivery's present claim."""
    rows = Attempt.objects.filter(destination__delivery__in=deliveries, fence=F("destination__delivery__fence"))
    groups: defaultdict[UUID, list[Attempt]] = defaultdict(list)
    for attempt in rows.select_related("destination"):
        groups[attempt.destination.delivery_id].append(attempt)
    return groups


_GIVE_BACK = f"""
UPDATE hub_delivery SET state = 'waiting', lease_until = NULL, due_at = {now_of("tenant_id")} WHERE id = ANY(%s)
"""  # noqa: S608 constants only


def _give_back(delivery_ids: list[UUID]) -> None:
    with connection.cursor() as db:
        db.execute(_GIVE_BACK, [delivery_ids])


def _lost(attempt: Attempt) -> Finished:
    called = attempt.destination.delivery_id, attempt.destination_id, attempt.fence
    return Finished(*called, Outcome.AMBIGUOUS, "lease_expired", "no answer was recorded")
