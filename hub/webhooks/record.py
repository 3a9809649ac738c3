"""What came of the calls: each delivery moves on if its fence is still the caller's, and each endpoint's health follows."""

import logging
import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Coalesce, Now

from hub.policy.webhooks import Verdict, gives_up, judge
from hub.webhooks.models import Webhook, WebhookDelivery

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """What an endpoint answered: `status` None when nothing came, `retry_after` in seconds."""

    delivery_id: UUID
    webhook_id: UUID
    fence: int
    status: int | None
    answer: str = ""
    retry_after: float | None = None


_ATTEMPTS = """
UPDATE hub_webhookattempt a SET status = r.status, answer = r.answer, finished_at = now()
FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::text[]) AS r(delivery_id, fence, status, answer)
WHERE a.delivery_id = r.delivery_id AND a.fence = r.fence
"""
_SETTLE = """
UPDATE hub_webhookdelivery d SET state = r.state, reason = r.reason, attempts = d.attempts + 1, lease_until = NULL,
    due_at = CASE WHEN r.state = 'waiting' THEN now() + r.delay * interval '1 second' ELSE d.due_at END,
    finished_at = CASE WHEN r.state = 'waiting' THEN NULL ELSE now() END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::float8[]) AS r(id, state, reason, delay) WHERE d.id = r.id
"""


@transaction.atomic
def record(results: Sequence[Result]) -> int:
    """Write down what was answered. Returns how many deliveries moved: not those that are somebody else's by now."""
    webhooks = _lock_webhooks({r.webhook_id for r in results})
    attempts = _lock_claimed(results)
    _finish_attempts(results)
    current = [r for r in results if r.delivery_id in attempts]
    verdicts = {r.delivery_id: _judge(r, attempts[r.delivery_id] + 1) for r in current}
    _settle(verdicts)
    for webhook in webhooks:
        _follow(webhook, [verdicts[r.delivery_id] for r in current if r.webhook_id == webhook.pk])
    return len(current)


def _judge(result: Result, attempts: int) -> Verdict:
    jitter = random.random()  # noqa: S311  spreads load, guards nothing
    return judge(result.status, attempts=attempts, jitter=jitter, retry_after=result.retry_after)


def _lock_webhooks(ids: Collection[UUID]) -> list[Webhook]:
    """Before their deliveries, as everywhere. `failing_for`: how long nothing has been accepted."""
    failing = ExpressionWrapper(Now() - Coalesce(F("failing_since"), Now()), DurationField())
    rows = Webhook.objects.filter(pk__in=ids).order_by("pk").annotate(failing_for=failing)
    return list(rows.select_for_update(no_key=True))


def _lock_claimed(results: Sequence[Result]) -> dict[UUID, int]:
    """Of the deliveries that are still their caller's: how many attempts there had been before."""
    fences = {r.delivery_id: r.fence for r in results}
    rows = WebhookDelivery.objects.filter(pk__in=fences, state=WebhookDelivery.State.CLAIMED).order_by("pk")
    return {row.pk: row.attempts for row in rows.select_for_update() if row.fence == fences[row.pk]}


def _finish_attempts(results: Sequence[Result]) -> None:
    """A late answer too, whoever has the delivery by now."""
    columns: list[Any] = [
        [r.delivery_id for r in results],
        [r.fence for r in results],
        [r.status for r in results],
        [r.answer for r in results],
    ]
    with connection.cursor() as db:
        db.execute(_ATTEMPTS, columns)


def _settle(verdicts: dict[UUID, Verdict]) -> None:
    columns: list[Any] = [
        list(verdicts),
        [v.state for v in verdicts.values()],
        [v.reason for v in verdicts.values()],
        [v.delay for v in verdicts.values()],
    ]
    with connection.cursor() as db:
        db.execute(_SETTLE, columns)


def _follow(webhook: Any, verdicts: Iterable[Verdict]) -> None:
    """Keep what is known of an endpoint: nothing is written while all is well."""
    verdicts = list(verdicts)
    failed = sum(v.state != "delivered" for v in verdicts)
    row = Webhook.objects.filter(pk=webhook.pk)
    if failed < len(verdicts):
        if webhook.failing_since is not None:
            row.update(failures=0, failing_since=None)
    elif failed:
        row.update(failures=F("failures") + failed, failing_since=Coalesce("failing_since", Now()))
    gone = any(v.reason == "gone" for v in verdicts)
    given_up = [v for v in verdicts if gives_up(v, failing_for=webhook.failing_for.total_seconds())]
    if given_up and (gone or failed == len(verdicts)) and webhook.disabled_at is None:
        reason = "gone" if gone else "failing"
        row.update(disabled_at=Now(), disabled_reason=reason)
        logger.warning("a webhook was disabled", extra={"webhook_id": str(webhook.pk), "reason": reason})
