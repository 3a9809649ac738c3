"""The one place where a claimed delivery leaves its claim, for a recorded answer and for a lost one alike."""

import random
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from hub.clock import now_of
from hub.conf import conf
from hub.fallback.models import Delivery
from hub.fallback.telling import ended
from hub.policy.retry import FINAL, UNKNOWNS, Answer, Outcome, RetryPolicy, Settlement, settle
from hub.rows import array, records
from hub.webhooks import outbox

_DESTINATION = {Outcome.SENT: "sent", Outcome.AMBIGUOUS: "unknown"} | dict.fromkeys(FINAL, "failed")


class Finished(NamedTuple):
    """The outcome of one attempt, as it goes on record."""

    destination_id: UUID
    fence: int
    outcome: Outcome
    code: str = ""
    answer: str = ""
    provider_message_id: str = ""
    # another provider will be asked for the same
    goes_on: bool = False


class Claimed(NamedTuple):
    """A locked delivery, as far as settling it goes; its counters as they were before this claim."""

    id: UUID
    channel: str
    fence: int
    attempts: int
    unknowns: int


def locked(claimed: QuerySet[Delivery]) -> dict[UUID, Claimed]:
    """Those rows, which the query locks."""
    return {row[0]: Claimed(*row) for row in claimed.values_list(*Claimed._fields)}


_LOCK = f"""
SELECT {", ".join(Claimed._fields)} FROM hub_delivery WHERE id = ANY(%s::uuid[]) AND state = 'claimed' ORDER BY id FOR UPDATE
"""  # noqa: S608 constants only


def lock_claimed(delivery_ids: Collection[UUID]) -> dict[UUID, Claimed]:
    """Those of the deliveries that are still claimed, locked in order of their ids."""
    with connection.cursor() as db:
        db.execute(_LOCK, [array(delivery_ids)])
        return {row[0]: Claimed(*row) for row in db.fetchall()}


_ATTEMPTS = """
UPDATE hub_attempt a SET outcome = r.outcome, code = r.code, answer = r.answer, finished_at = now()
FROM json_to_recordset(%s) AS r(destination_id uuid, fence int, outcome text, code text, answer text)
WHERE a.destination_id = r.destination_id AND a.fence = r.fence
"""


def finish_attempts(finished: Sequence[Finished]) -> None:
    """Write the outcomes down. A late answer replaces the `ambiguous` that a lost lease left."""
    with connection.cursor() as db:
        db.execute(_ATTEMPTS, [records(f._asdict() for f in finished)])


_DESTINATIONS = """
UPDATE hub_deliverydestination d SET outcome = r.outcome, provider_message_id = r.message_id
FROM json_to_recordset(%s) AS r(id uuid, outcome text, message_id text) WHERE d.id = r.id
"""


def finish_destinations(finished: Sequence[Finished]) -> None:
    """Where each destination stands now. One that wasn't reached this time keeps what it had before."""
    known = [
        {"id": f.destination_id, "outcome": _DESTINATION[f.outcome], "message_id": f.provider_message_id}
        for f in finished
        if f.outcome in _DESTINATION and not f.goes_on
    ]
    with connection.cursor() as db:
        db.execute(_DESTINATIONS, [records(known)])


_SETTLE = f"""
WITH settled AS (
    UPDATE hub_delivery d SET state = s.state, reason = s.reason, attempts = s.attempts, unknowns = s.unknowns,
        lease_until = NULL,
        due_at = CASE WHEN s.state = 'waiting' THEN {now_of("d.tenant_id")} + s.delay * interval '1 second' ELSE d.due_at END,
        finished_at = CASE WHEN s.state = 'waiting' THEN NULL ELSE now() END
    FROM json_to_recordset(%s) AS s(id uuid, state text, reason text, attempts int, unknowns int, delay float8)
    WHERE d.id = s.id RETURNING d.*
), told AS ({ended("settled")})
SELECT (SELECT count(*) FROM settled), (SELECT count(*) FROM told)
"""  # noqa: S608 constants only


def settle_claims(deliveries: Collection[Claimed], answers: Mapping[UUID, Sequence[Answer]]) -> int:
    """Move each locked delivery on by the answers of its destinations. Returns how many moved."""
    policies = {channel: _policy(channel) for channel in {d.channel for d in deliveries}}
    settled = [{"id": d.id} | _settle(d, answers[d.id], policies[d.channel])._asdict() for d in deliveries]
    with connection.cursor() as db:
        db.execute(_SETTLE, [records(settled)])
        moved, owed = db.fetchone()
    outbox.tell(owed)
    return int(moved)


def _policy(channel: str) -> RetryPolicy:
    return RetryPolicy(conf.retry_first, conf.retry_max, conf.retry_attempts, UNKNOWNS[channel])


def _settle(delivery: Claimed, answers: Sequence[Answer], policy: RetryPolicy) -> Settlement:
    jitter = random.random()  # noqa: S311  spreads load, guards nothing
    return settle(answers, attempts=delivery.attempts, unknowns=delivery.unknowns, policy=policy, jitter=jitter)
