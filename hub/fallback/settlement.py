"""The one place where a claimed delivery leaves its claim, for a recorded answer and for a lost one alike."""

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from hub.clock import now_of
from hub.conf import conf
from hub.fallback.holding import held
from hub.fallback.models import Delivery
from hub.fallback.telling import ended
from hub.policy.retry import FINAL, UNKNOWNS, Answer, Outcome, RetryPolicy, settle
from hub.rows import records
from hub.webhooks import outbox

_DESTINATION = {Outcome.SENT: "sent", Outcome.AMBIGUOUS: "unknown"} | dict.fromkeys(FINAL, "failed")


class Finished(NamedTuple):
    """The outcome of one attempt, as it goes on record."""

    delivery_id: UUID
    destination_id: UUID
    fence: int
    outcome: Outcome
    code: str = ""
    answer: str = ""
    provider_message_id: str = ""
    # another provider will be asked for the same
    goes_on: bool = False


class Claimed(NamedTuple):
    """A claimed delivery, as far as settling it goes; its counters as they were before this claim."""

    id: UUID
    channel: str
    fence: int
    attempts: int
    unknowns: int


def locked(claimed: QuerySet[Delivery]) -> dict[UUID, Claimed]:
    """Those rows, which the query locks."""
    return {row[0]: Claimed(*row) for row in claimed.values_list(*Claimed._fields)}


# Deliveries are locked before anything else, as recovery does. A late answer changes nothing but what a lost lease left of its
# attempt: `ambiguous`. A destination that wasn't reached this time keeps what it had before.
_SETTLE = f"""
WITH held AS MATERIALIZED ({
    held("id uuid, fence int, state text, reason text, attempts int, unknowns int, delay float8")
}), finished AS (
    SELECT * FROM json_to_recordset(%s) AS f(
        delivery_id uuid, destination_id uuid, fence int, outcome text, code text, answer text, provider_message_id text,
        stands text)
), attempted AS (
    UPDATE hub_attempt a SET outcome = f.outcome, code = f.code, answer = f.answer, finished_at = now() FROM finished f
    WHERE a.destination_id = f.destination_id AND a.fence = f.fence AND (SELECT count(*) FROM held) IS NOT NULL
), reached AS (
    UPDATE hub_deliverydestination d SET outcome = f.stands, provider_message_id = f.provider_message_id
    FROM finished f JOIN held h ON h.id = f.delivery_id AND h.fence = f.fence
    WHERE d.id = f.destination_id AND f.stands IS NOT NULL
), settled AS (
    UPDATE hub_delivery d SET state = s.state, reason = s.reason, attempts = s.attempts, unknowns = s.unknowns,
        lease_until = NULL,
        due_at = CASE WHEN s.state = 'waiting' THEN {
    now_of("d.tenant_id")
} + s.delay * interval '1 second' ELSE d.due_at END,
        finished_at = CASE WHEN s.state = 'waiting' THEN NULL ELSE now() END
    FROM held s WHERE d.id = s.id RETURNING d.*
), told AS ({ended("settled")})
SELECT (SELECT count(*) FROM settled), (SELECT count(*) FROM told)
"""  # noqa: S608 constants only


def settle_claims(answers: Mapping[Claimed, Sequence[Answer]], finished: Iterable[Finished]) -> int:
    """Write these outcomes down, and move each delivery that is still claimed under its fence on by the answers of its
    destinations. One statement. Returns how many moved."""
    policies = {channel: _policy(channel) for channel in {claimed.channel for claimed in answers}}
    settled = [_settled(claimed, given, policies[claimed.channel]) for claimed, given in answers.items()]
    with connection.cursor() as db:
        db.execute(_SETTLE, [records(settled), records(_spelt(one) for one in finished)])
        moved, owed = db.fetchone()
    outbox.tell(owed)
    return int(moved)


def _policy(channel: str) -> RetryPolicy:
    return RetryPolicy(conf.retry_first, conf.retry_max, conf.retry_attempts, UNKNOWNS[channel])


def _settled(claimed: Claimed, answers: Sequence[Answer], policy: RetryPolicy) -> dict[str, Any]:
    jitter = random.random()  # noqa: S311  spreads load, guards nothing
    verdict = settle(answers, attempts=claimed.attempts, unknowns=claimed.unknowns, policy=policy, jitter=jitter)
    return {"id": claimed.id, "fence": claimed.fence, **verdict._asdict()}


def _spelt(finished: Finished) -> dict[str, Any]:
    """`stands`: what becomes of the destination; None: nothing."""
    stands = None if finished.goes_on else _DESTINATION.get(finished.outcome)
    return {"stands": stands, **finished._asdict()}
