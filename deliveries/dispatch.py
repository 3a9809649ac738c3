"""Sending what is due on a channel's lane: claim, send concurrently, record as answers come, until it is dry."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from itertools import groupby
from threading import Event, Lock, Thread

from deliveries.channels import registry
from deliveries.channels.base import Channel, refused
from deliveries.channels.errors import Ambiguous, Transient
from deliveries.database import persistently, released
from deliveries.turns import Turn, Turns
from hub.conf import conf
from hub.fallback.claims import Work, claim
from hub.fallback.models import Delivery
from hub.fallback.record import Result, record
from hub.trace import tracing

logger = logging.getLogger(__name__)

# then the lane is left to the next wake-up, so that no backlog, however long, holds up a shutdown or a redistribution
LONGEST_RUN = 30.0
# how long to wait for answers before looking for due rows again
LOOK_AGAIN = 1.0

# Set when the process is asked to end: nothing more is claimed, what is in flight is finished and recorded.
stopping = Event()
_turns = Turns()
_threads: set[Thread] = set()
_threads_lock = Lock()


def dispatch(channel: str, lane: str) -> bool:
    """Send what is due on a lane, for `LONGEST_RUN` seconds at most. True if there may be more.

    If this process is at it already, that run looks once more, and this call returns at once.
    """
    turn = _turns.take((channel, lane))
    if turn is None:
        return False
    try:
        with released():
            return _run(channel, lane, turn, time.monotonic() + LONGEST_RUN)
    finally:
        _turns.give_up(turn)


def start(channel: str, lane: str) -> None:
    """`dispatch` in a thread of its own, so that a channel whose provider hangs holds up nothing else."""
    thread = Thread(target=_in_thread, args=(channel, lane), name=f"dispatch-{channel}-{lane}", daemon=True)
    with _threads_lock:
        _threads.difference_update([t for t in _threads if t.ident and not t.is_alive()])
        _threads.add(thread)
    thread.start()


def join(timeout: float) -> None:
    """Wait until what `start` began has ended, `timeout` seconds at most."""
    deadline = time.monotonic() + timeout
    with _threads_lock:
        threads = list(_threads)
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))


def _in_thread(channel: str, lane: str) -> None:
    try:
        dispatch(channel, lane)
    except Exception:
        logger.exception("dispatch of %s.%s failed; the sweeper will come again", channel, lane)


def _run(name: str, lane: str, turn: Turn, until: float) -> bool:
    channel = registry.channel(name)
    try:
        while True:
            more = _Drain(name, channel, lane, until).run()
            if more or not _turns.once_more(turn):
                return more
    finally:
        if channel:
            channel.idle()


class _Drain:
    """One drain of a lane. `channel` is None for one that isn't configured: then all that is due is skipped."""

    def __init__(self, name: str, channel: Channel | None, lane: str, until: float) -> None:
        self.name, self.channel, self.lane, self.until = name, channel, lane, until
        self.capacity = _capacity(channel, lane)
        self.sending: set[Future[Sequence[Result]]] = set()

    def run(self) -> bool:
        """True if it ended before the lane was dry."""
        try:
            while True:
                taken = self._claim()
                if not taken and not self.sending:
                    return not self._may_claim()
                self._record()
        finally:
            while self.sending:
                self._record()

    def _may_claim(self) -> bool:
        return not stopping.is_set() and time.monotonic() < self.until

    def _claim(self) -> int:
        room = self.capacity - len(self.sending)
        # not for every single place that becomes free: a claim is a transaction
        if not self._may_claim() or room < max(self.capacity // 4, 1):
            return 0
        latest = time.monotonic() + conf.delivery_lease - 2 * conf.provider_timeout
        provider = self.channel.provider if self.channel else ""
        batch = claim(channel=self.name, lane=self.lane, limit=room, provider=provider)
        if self.channel:
            executor = _executor(self.name, self.channel.concurrency)
            for _, works in groupby(batch.works, key=lambda work: work.delivery_id):
                self.sending.add(executor.submit(_send, self.channel, list(works), latest))
        return batch.taken

    def _record(self) -> None:
        """Record what has been answered by now; wait a moment for the first if nothing has."""
        if self.channel is None or not self.sending:
            return
        done, self.sending = wait(self.sending, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED)
        results = [result for future in done for result in future.result()]
        allowed = self.channel.max_unknowns
        persistently(lambda: record(results, max_unknowns=allowed))


def _capacity(channel: Channel | None, lane: str) -> int:
    """How many deliveries a run may hold at a time. Bulk leaves a quarter of the threads to high."""
    batch: int = conf.delivery_batch
    if channel is None or lane == Delivery.Lane.HIGH:
        return batch
    return max(min(batch, channel.concurrency - max(channel.concurrency // 4, 1)), 1)


@cache
def _executor(name: str, concurrency: int) -> ThreadPoolExecutor:
    """The channel's threads in this process: one that hangs fills only its own."""
    return ThreadPoolExecutor(concurrency, thread_name_prefix=f"send-{name}")


def _send(channel: Channel, works: Sequence[Work], latest: float) -> Sequence[Result]:
    """One delivery: all that it logs says which, and each attempt has its line."""
    first = works[0]
    asked = first.request_id or None
    with tracing(
        tenant=first.tenant, notification_id=first.notification_id, delivery_id=first.delivery_id, request_id=asked
    ):
        results = _call(channel, works, latest)
        attempts = {work.destination_id: str(work.attempt_id) for work in works}
        for result in results:
            told = {"attempt_id": attempts.get(result.destination_id), "outcome": result.outcome, "code": result.code}
            logger.info("attempt", extra=told | {"provider": channel.provider})
    return results


def _call(channel: Channel, works: Sequence[Work], latest: float) -> Sequence[Result]:
    """Call the provider, unless it is too late: after the lease somebody else may send the same."""
    if time.monotonic() > latest:
        return [refused(work, Transient("not_started", "its turn came too late")) for work in works]
    try:
        return channel.send(works)
    except Exception as error:
        logger.exception("%s broke its contract", channel.provider)
        return [refused(work, Ambiguous(type(error).__name__)) for work in works]
