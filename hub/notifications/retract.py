"""Withdrawing a notification: at once for whoever has not got it, batch by batch for whoever has.

From the commit of `retract` on nobody gets it any more, in the app or outside. A mail that has been sent stays sent.
"""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hub import live, presence
from hub.clock import now
from hub.conf import conf
from hub.exceptions import Conflict, NotFound
from hub.fallback import reasons
from hub.inbox.changes import Changed, change_items, frames
from hub.inbox.selectors import ALIVE
from hub.notifications import work
from hub.notifications.fan_out import lane_of
from hub.notifications.models import Change, FanOut, Notification
from hub.tenancy.models import Tenant
from hub.trace import tracing
from hub.wake import wake_fan_out
from hub.webhooks.outbox import notification_changed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Batch:
    changed: list[Changed]
    finished: bool


@transaction.atomic
def retract(*, tenant: Tenant, notification_id: UUID, by: str = "code") -> Notification:
    """Withdraw it from every inbox, with what is still owed for it. Whoever has not got it yet won't get it.

    `by`: who asked, as the timeline tells it. Once is enough: what is retracted stays so. Raises NotFound, or Conflict for
    one that was cancelled.
    """
    found = Notification.objects.select_for_update(no_key=True).filter(tenant=tenant, id=notification_id).first()
    if found is None:
        raise NotFound("There is no such notification.")
    if found.status == Notification.Status.CANCELLED:
        raise Conflict("The notification was cancelled before it was sent; there is nothing to withdraw.")
    if found.status != Notification.Status.RETRACTED:
        _begin(found, by)
    return found


def _begin(notification: Notification, by: str) -> None:
    present = now()
    open_work = FanOut.objects.filter(notification=notification, done_at__isnull=True)
    open_work.filter(operation=FanOut.Operation.DELIVER).update(done_at=present)
    FanOut.objects.create(
        tenant_id=notification.tenant_id, notification=notification, operation=FanOut.Operation.RETRACT
    )
    notification.status, notification.retracted_at = Notification.Status.RETRACTED, present
    notification.save(update_fields=["status", "retracted_at"])
    notification.changes.create(tenant_id=notification.tenant_id, kind=Change.Kind.RETRACTED, by=by)
    notification_changed("notification.retracted", notification.pk)
    transaction.on_commit(partial(_committed, notification), robust=True)


def _committed(notification: Notification) -> None:
    """A small audience loses it here and now; a big one by a worker."""
    if notification.recipients <= conf.fan_out_inline_limit:
        carry_out(notification.pk)
    else:
        wake_fan_out(lane_of(notification))


def sweep(limit: int = 10) -> int:
    """Carry out up to `limit` retractions that are due and in nobody's hands. Returns how many were."""
    return sum(carry_out(notification_id) > 0 for notification_id in work.due(FanOut.Operation.RETRACT, limit))


def carry_out(notification_id: UUID) -> int:
    """Take it out of the inboxes, unless somebody else is at it. Returns how many batches there were.

    A failure is kept on the record and tried again later by the sweep.
    """
    batches = 0
    try:
        while (batch := _commit_batch(notification_id)) is not None:
            batches += 1
            _tell(batch.changed)
            if batch.finished:
                break
    except Exception as error:
        with tracing(notification_id=notification_id):
            logger.exception("a retraction failed; it is tried again")
        work.put_off(notification_id, FanOut.Operation.RETRACT, error)
    return batches


@transaction.atomic
def _commit_batch(notification_id: UUID) -> _Batch | None:
    """The next page of recipients. None: done, not due, or in other hands."""
    held = work.take(notification_id, FanOut.Operation.RETRACT)
    if held is None:
        return None
    items, following = _page(notification_id, held.cursor)
    changed = change_items(items, where=ALIVE, assignments="retracted_at = now()") if items else []
    with connection.cursor() as db:
        arguments: dict[str, Any] = {"items": items, "reason": reasons.RETRACTED, "cursor": following, "work": held.id}
        db.execute(_WITHDRAW, arguments | {"finished": not following})
    return _Batch(changed, not following)


def _page(notification_id: UUID, cursor: str) -> tuple[list[UUID], str]:
    """The items of the next recipients, and the cursor after them ("": no more)."""
    with connection.cursor() as db:
        db.execute(
            "SELECT id, subscriber_id FROM hub_inboxitem WHERE notification_id = %s AND subscriber_id > %s "
            "ORDER BY subscriber_id LIMIT %s",
            [notification_id, cursor or UUID(int=0), conf.fan_out_batch + 1],
        )
        rows = db.fetchall()
    page = rows[: conf.fan_out_batch]
    return [row[0] for row in page], str(page[-1][1]) if len(rows) > len(page) else ""


# What is hidden is in no stream, so it takes no seq. What was deleted may still be owed a mail that nothing cancels.
_WITHDRAW = """
WITH hidden AS (
    UPDATE hub_inboxitem SET retracted_at = now()
    WHERE id = ANY(%(items)s) AND hidden_reason <> '' AND retracted_at IS NULL
), owed AS (
    UPDATE hub_delivery SET state = 'cancelled', reason = %(reason)s, finished_at = now()
    WHERE item_id = ANY(%(items)s) AND state = 'waiting'
)
UPDATE hub_fanout SET cursor = %(cursor)s, started_at = COALESCE(started_at, now()), failures = 0, error = '',
    done_at = CASE WHEN %(finished)s THEN now() END
WHERE id = %(work)s
"""


def _tell(changed: list[Changed]) -> None:
    """After the commit. A few are told without asking who is here, as in fan-out."""
    everybody = {one.subscriber_id for one in changed}
    few = len(everybody) <= conf.fan_out_inline_limit
    here = everybody if few else presence.connected(everybody) or set()
    live.publish(frames((one for one in changed if one.subscriber_id in here), "retracted"))
