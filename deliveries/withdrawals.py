"""Taking back what was pushed and is not unread any more: a silent push to each device that was reached, once at most.

Nothing is tried again: what isn't taken back stays on a screen until the app is opened.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from threading import Lock, Thread

from deliveries import dispatch
from deliveries.database import released
from deliveries.gate import gate
from deliveries.providers.base import Receipt, Withdraws
from deliveries.providers.errors import AddressDead, Ambiguous, Deferred, SendError
from deliveries.providers.pool import pool
from hub import loop
from hub.conf import conf
from hub.fallback.models import Delivery
from hub.fallback.withdrawals import Withdrawal, let_go, take
from hub.trace import log_error, tracing

logger = logging.getLogger(__name__)

_lock = Lock()
_latest: Thread | None = None


def start() -> None:
    """Tell the devices in a thread of its own, so that a provider that hangs holds up nothing else; if there is one already, it
    goes on until there is nothing left."""
    global _latest
    with _lock:
        if _latest is None or not _latest.is_alive():
            _latest = Thread(target=_in_thread, name="withdrawals", daemon=True)
            _latest.start()


def join(timeout: float) -> bool:
    """Wait until what `start` began has ended, `timeout` seconds at most. Whether it has."""
    if _latest is not None:
        _latest.join(timeout)
    return _latest is None or not _latest.is_alive()


def _in_thread() -> None:
    try:
        with released():
            run()
    except Exception:
        logger.exception("pushes could not be taken back; the sweeper will come again")


def run() -> None:
    """Take what is due and tell the devices, until there is nothing left."""
    while not dispatch.stopping.is_set():
        gate.look()
        taken = take()
        if not taken.notes:
            return
        # a place is waited for, then a call is made, each no longer than a call may last
        receipts = loop.run(_tell_all(taken.withdrawals), timeout=6 * conf.provider_timeout)
        told = zip(taken.withdrawals, receipts, strict=True)
        let_go([(one, receipt.code) for one, receipt in told if isinstance(receipt, AddressDead)])


async def _tell_all(withdrawals: Sequence[Withdrawal]) -> list[Receipt | None]:
    latest = time.monotonic() + conf.provider_timeout
    return await asyncio.gather(*(_tell(one, latest) for one in withdrawals))


async def _tell(one: Withdrawal, latest: float) -> Receipt | None:
    """What came of it. None: its platform has no silent pushes, or there was no way to it before `latest`."""
    try:
        provider = await pool.get(one.account)
    except SendError as error:
        gate.report(one.account, [error])
        return error
    if not isinstance(provider, Withdraws):
        return None
    async with pool.places(provider, Delivery.Lane.BULK):
        try:
            await gate.admit(provider, 1, latest)
        except Deferred:
            return None
        receipt = await _answer(provider, one) if time.monotonic() <= latest else None
    if receipt is not None:
        gate.report(one.account, [receipt])
        with tracing(tenant=one.tenant):
            told = {"provider": one.account.label, "outcome": receipt.outcome, "code": receipt.code}
            logger.info("withdrawal", extra=told)
    return receipt


async def _answer(provider: Withdraws, one: Withdrawal) -> Receipt:
    """Come what may."""
    try:
        async with asyncio.timeout(2 * conf.provider_timeout):
            return await provider.withdraw(one)
    except SendError as error:
        return error
    except TimeoutError:
        return Ambiguous("timeout")
    except Exception as error:
        log_error(logger, f"{one.account.label} broke its contract", error)
        return Ambiguous(type(error).__name__)
