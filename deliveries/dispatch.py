"""Sending what is due on a channel's lane: claim, send concurrently, record as answers come, until it is dry."""

import logging
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from deliveries.database import persistently, released
from deliveries.flights import Answered, take_off
from deliveries.providers.pool import pool
from deliveries.turns import Turn, Turns
from hub import loop
from hub.conf import conf
from hub.fallback.claims import claim
from hub.fallback.models import Delivery
from hub.fallback.record import Result, record

logger = logging.getLogger(__name__)

# then the lane is left to the next wake-up, so that no backlog, however long, holds up a shutdown or a redistribution
LONGEST_RUN = 30.0
# how long to wait for answers before looking for due rows again
LOOK_AGAIN = 1.0
CLOSING = 5.0

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


def _run(channel: str, lane: str, turn: Turn, until: float) -> bool:
    try:
        while True:
            more = Drain(channel, lane, until).run()
            if more or not _turns.once_more(turn):
                return more
    finally:
        with suppress(TimeoutError):
            loop.run(pool.idle(channel), timeout=CLOSING)


class Drain:
    """One drain of a lane: deliveries take off as they are claimed, and are recorded as they land."""

    def __init__(self, channel: str, lane: str, until: float) -> None:
        self.channel, self.lane, self.until = channel, lane, until
        self.capacity = _capacity(lane)
        self.flying = 0
        self.landed: SimpleQueue[Answered] = SimpleQueue()

    def run(self) -> bool:
        """True if it ended before the lane was dry."""
        try:
            while True:
                taken = self._claim()
                if not taken and not self.flying:
                    return not self._may_claim()
                self._record()
        finally:
            while self.flying:
                self._record()

    def _may_claim(self) -> bool:
        return not stopping.is_set() and time.monotonic() < self.until

    def _claim(self) -> int:
        room = self.capacity - self.flying
        # not for every single place that becomes free: a claim is a transaction
        if not self._may_claim() or room < max(self.capacity // 4, 1):
            return 0
        latest = time.monotonic() + conf.delivery_lease - 2 * conf.provider_timeout
        batch = claim(channel=self.channel, lane=self.lane, limit=room)
        self.flying += take_off(batch.works, self.lane, latest, self.landed.put)
        return batch.taken

    def _record(self) -> None:
        """Record what has landed by now; wait a moment for the first if nothing has."""
        if not self.flying:
            return
        results: list[Result] = []
        for answered in self._landings():
            self.flying -= 1
            results += answered
        if results:
            persistently(lambda: record(results))

    def _landings(self) -> list[Answered]:
        landed: list[Answered] = []
        with suppress(Empty):
            landed.append(self.landed.get(timeout=LOOK_AGAIN))
            while len(landed) < self.flying:
                landed.append(self.landed.get_nowait())
        return landed


def _capacity(lane: str) -> int:
    """How many deliveries a run may hold at a time. Bulk leaves a quarter to high."""
    places: int = conf.delivery_concurrency
    return places if lane == Delivery.Lane.HIGH else max(places - max(places // 4, 1), 1)
