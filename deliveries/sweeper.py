"""Looking for what nobody was told of: the record says what is due, whoever died and whatever Redis forgot.

Every step is idempotent and passes over rows that somebody else holds, so any number of sweeps may run at once.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock

from django.db import connection

from deliveries import dispatch, webhooks, withdrawals
from deliveries.database import released
from hub.callbacks import processing as callbacks
from hub.conf import conf
from hub.devices.services import deactivate_stale
from hub.fallback.recovery import recover
from hub.fallback.selectors import due_lanes
from hub.fallback.withdrawals import is_due as is_withdrawal_due
from hub.inbox.sweeps import expire, wake_snoozed
from hub.notifications import fan_out, retract
from hub.webhooks import claims as webhook_claims
from hub.webhooks.services import forget

logger = logging.getLogger(__name__)

SWEEP = "deliveries.sweep"
_sweeping = Lock()


def until_dry(step: Callable[[], int]) -> int:
    """Repeat a step that does a chunk at a time until it finds nothing, for half a minute at most. Returns how many."""
    total, until = 0, time.monotonic() + dispatch.LONGEST_RUN
    while not dispatch.stopping.is_set() and time.monotonic() < until:
        if not (found := step()):
            break
        total += found
    return total


def finish_fan_outs() -> int:
    return until_dry(fan_out.sweep)


def finish_retractions() -> int:
    return until_dry(retract.sweep)


def wake_items() -> int:
    return until_dry(wake_snoozed)


def expire_items() -> int:
    return until_dry(expire)


def recover_leases() -> int:
    return until_dry(recover)


def start_due_lanes() -> int:
    """Start dispatching each lane that has due rows, in a thread of its own. Returns how many."""
    lanes = due_lanes()
    for due in lanes:
        dispatch.start(due.channel, due.lane)
    return len(lanes)


def start_withdrawals() -> int:
    """Start taking pushes back if any is to be, in a thread of its own. Returns 1 if so."""
    due = is_withdrawal_due()
    if due:
        withdrawals.start()
    return int(due)


def let_devices_go() -> int:
    return until_dry(deactivate_stale)


def start_webhooks() -> int:
    """See to lost and disabled webhooks, and start posting if anything is due, in a thread of its own. Returns how many were
    seen to."""
    found = until_dry(webhook_claims.recover) + until_dry(webhook_claims.drop_disabled)
    if webhook_claims.is_due():
        webhooks.start()
    return found


def forget_webhooks() -> int:
    return until_dry(lambda: forget(kept=conf.webhook_retention))


def work_through_callbacks() -> int:
    return until_dry(callbacks.sweep)


def forget_callbacks() -> int:
    return until_dry(lambda: callbacks.forget(kept=conf.callback_retention))


# in chunks: a vacuum should not find one transaction that deleted a day's worth
_FORGET = """
DELETE FROM hub_idempotency WHERE id IN (
    SELECT id FROM hub_idempotency WHERE expires_at < now() LIMIT 1000 FOR UPDATE SKIP LOCKED
)
"""


def forget_idempotency() -> int:
    return until_dry(_forget)


def _forget() -> int:
    with connection.cursor() as db:
        db.execute(_FORGET)
        return int(db.rowcount)


STEPS: dict[str, Callable[[], int]] = {
    "fan_outs": finish_fan_outs,
    "retractions": finish_retractions,
    "leases": recover_leases,
    "lanes": start_due_lanes,
    "withdrawals": start_withdrawals,
    "snoozes": wake_items,
    "expiry": expire_items,
    "devices": let_devices_go,
    "idempotency": forget_idempotency,
    "callbacks": work_through_callbacks,
    "callback_history": forget_callbacks,
    "webhooks": start_webhooks,
    "webhook_history": forget_webhooks,
}


def sweep() -> dict[str, int]:
    """Run every step once. Returns what each found; -1 for one that failed, which keeps no other from running.

    Empty if this process is in the middle of a sweep already.
    """
    if not _sweeping.acquire(blocking=False):
        return {}
    try:
        with released():
            return {name: run_step(name) for name in STEPS}
    finally:
        _sweeping.release()


def run_step(name: str) -> int:
    """Run one step. A failure is logged, and left to the next time."""
    try:
        return STEPS[name]()
    except Exception:
        logger.exception("sweep: %s failed; it will be tried again", name)
        return -1
