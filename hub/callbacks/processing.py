"""Working through what providers told: late, twice or out of order, it comes to the same."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from hub.callbacks.addresses import account_of
from hub.callbacks.effects import apply
from hub.callbacks.events import Call, Event
from hub.callbacks.help import answer
from hub.callbacks.kinds import reader_class
from hub.callbacks.models import Callback
from hub.inbox.requests import MAX_IDS
from hub.inbox.services import mark
from hub.trace import log_error

logger = logging.getLogger(__name__)

# whoever takes a callback has this long; then somebody else takes it
LEASE = timedelta(minutes=1)
TRIES = 8
# A receipt may be faster than what is written down of the call that it is about: what names no message that is known is looked
# at once more, this much later.
EARLY = timedelta(seconds=10)
# a session's name in the frames of marks that nobody's session made
ORIGIN = "callback"


def sweep(limit: int = 100) -> int:
    """Work through up to `limit` callbacks that are due. Returns how many there were."""
    rows = _take(limit)
    for row in rows:
        try:
            _work_through(row)
        except Exception as error:
            # as it is stored: it can be looked at, and is tried again when a mended version runs
            log_error(logger, f"a callback of {row.label} could not be worked through", error)
            _put_off(row, type(error).__name__)
    return len(rows)


def _take(limit: int) -> list[Callback]:
    with transaction.atomic():
        due = Callback.objects.filter(due_at__lte=Now()).order_by("due_at").select_for_update(skip_locked=True)
        rows = list(due[:limit])
        Callback.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=Now() + LEASE, tries=F("tries") + 1)
    return rows


def _work_through(row: Callback) -> None:
    account = account_of(row.account)
    # an account that is gone has nothing to say any more
    events: Sequence[Event] = reader_class(account.kind)(account).read(_call(row)) if account else ()
    with transaction.atomic():
        applied = apply(events, label=row.label, tenant_id=row.tenant_id, received_at=row.received_at)
    marks: defaultdict[UUID, list[str]] = defaultdict(list)
    for subscriber_id, item_id in applied.read:
        marks[subscriber_id].append(str(item_id))
    for subscriber_id, items in marks.items():
        for first in range(0, len(items), MAX_IDS):
            mark(
                subscriber_id=subscriber_id,
                request={"op": "read", "ids": items[first : first + MAX_IDS]},
                origin=ORIGIN,
            )
    if applied.unknown and row.tries == 0:
        Callback.objects.filter(pk=row.pk).update(due_at=Now() + EARLY)
        return
    Callback.objects.filter(pk=row.pk).update(due_at=None, error="")
    if account:
        # once it is done with, so that nobody gets a second answer
        answer(events, account)


def _call(row: Callback) -> Call:
    kept = row.call
    return Call(kept["method"], kept["url"], kept["headers"], kept["body"].encode("latin-1"))


def _put_off(row: Callback, error: str) -> None:
    tries = row.tries + 1
    again = None if tries >= TRIES else Now() + timedelta(seconds=30 * 2**tries)
    Callback.objects.filter(pk=row.pk).update(due_at=again, error=error[:100])


_FORGET = """
DELETE FROM hub_callback WHERE id IN (
    SELECT id FROM hub_callback WHERE received_at < now() - %s * interval '1 second' AND due_at IS NULL
    ORDER BY received_at LIMIT 1000 FOR UPDATE SKIP LOCKED
)
"""


def forget(*, kept: float) -> int:
    """Remove up to 1,000 calls that were worked through and came more than `kept` seconds ago. Returns how many."""
    with connection.cursor() as db:
        db.execute(_FORGET, [kept])
        return int(db.rowcount)
