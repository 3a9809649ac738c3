"""Sending what is due on a channel's lane: claim, send concurrently, record as answers come, until it is dry."""

import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from uuid import UUID

from deliveries.database import persistently, released
from deliveries.flights import Answered, take_off
from deliveries.gate import gate
from deliveries.providers.pool import pool
from deliveries.recorder import Recorder
from deliveries.shares import HANGS, Calls, Shares, under_way
from deliveries.turns import Turn, Turns
from deliveries.waiting import Waiting
from hub import loop
from hub.conf import conf
from hub.fallback.claims import Ready, attempt, claim, let_go
from hub.fallback.models import Delivery
from hub.fallback.work import Work
from hub.policy.rooms import Room
from hub.providers.accounts import Account

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


def join(timeout: float) -> bool:
    """Wait until what `start` began has ended, `timeout` seconds at most. Whether it has."""
    deadline = time.monotonic() + timeout
    with _threads_lock:
        threads = list(_threads)
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
    return not any(thread.is_alive() for thread in threads)


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
    """One drain of a lane: deliveries are claimed ahead, take off as places become free, and are recorded as they land.

    A call is on record before it is made, so what has taken off is in doubt when the process is killed. What is claimed ahead
    is not: it waits for its place without an attempt, for a second or two, and keeps a busy worker from waiting for claims.
    """

    def __init__(self, channel: str, lane: str, until: float) -> None:
        self.channel, self.lane, self.until = channel, lane, until
        self.capacity = _capacity(lane)
        self.shares = Shares(self.capacity)
        self.calls = Calls()
        self.ahead = self.capacity // 8
        self.ready = Waiting()
        # who boards has a place, and waits for one of its account's calls
        self.boarding = Waiting()
        # None: something has gone on record
        self.landed: SimpleQueue[Answered | None] = SimpleQueue()
        self.recorder = Recorder(lambda: self.landed.put(None))

    def run(self) -> bool:
        """True if it ended before the lane was dry."""
        try:
            while self._may_claim():
                self._depart()
                # what is recorded may be due again at once: only a claim that comes after it can say that there is no more
                settled = not (self.ready or self.shares.held or self.recorder.behind)
                taken = self._claim()
                if settled and not taken:
                    break
                self._land(0 if taken else LOOK_AGAIN)
            return not self._may_claim()
        finally:
            self._end()

    def _end(self) -> None:
        self.shares.give_back([one.due.id for one in self.boarding])
        try:
            persistently(partial(let_go, [*self.ready, *self.boarding]))
        finally:
            try:
                while self.shares.held:
                    self._land(LOOK_AGAIN)
            finally:
                self.recorder.close()

    def _may_claim(self) -> bool:
        return not stopping.is_set() and time.monotonic() < self.until

    def _wanted(self) -> int:
        """How many to claim now. Not for every single place that becomes free: a claim is three trips to the database."""
        wanted = self.shares.wanted() + self.ahead - len(self.ready)
        too_few = wanted < max(self.capacity // 8, 1)
        return 0 if too_few or self.recorder.behind > self.capacity or not self._may_claim() else wanted

    def _claim(self) -> int:
        """How many were taken."""
        wanted = self._wanted()
        if not wanted:
            return 0
        present = time.monotonic()
        gate.look()
        batch = claim(channel=self.channel, lane=self.lane, limit=wanted, room_of=self._room)
        self.ready.add((present, one) for one in batch.ready)
        return batch.taken

    def _room(self, account: Account) -> Room:
        shares, still_for = self.shares, self.shares.still_for(account.id)
        waiting = sum(account.id in one.accounts for one in self.ready)
        places = shares.left_to(account) + (self.ahead if still_for < HANGS else 0) - waiting
        flying = shares.held_by(account.id) + waiting
        return gate.room(account, flying=flying, places=max(places, 0), still_for=still_for)

    def _depart(self) -> None:
        """Have those board that have a place and those take off that have a call, and let go of who has waited too long."""
        self.boarding.add(self.ready.take(lambda one: self.shares.take(one.due.id, one.accounts.values())))
        late = self.ready.take_late(HANGS)
        going = self.boarding.take(lambda one: self.calls.take(one.due.id, one.accounts.values()))
        time_to_call = conf.delivery_lease - 2 * conf.provider_timeout
        too_late = self.boarding.take_late(time_to_call)
        self.shares.give_back([one.due.id for one in too_late])
        if going:
            latest = min(at for at, _ in going) + time_to_call
            take_off(self._on_record([one for _, one in going]), self.lane, latest, self.landed.put)
        let_go(late + too_late)

    def _on_record(self, going: Sequence[Ready]) -> list[Work]:
        works: list[Work] = []
        try:
            works = attempt(going)
        finally:
            self._give_back({one.due.id for one in going} - {work.delivery_id for work in works})
        return works

    def _give_back(self, delivery_ids: Collection[UUID]) -> None:
        self.calls.give_back(delivery_ids)
        self.shares.give_back(delivery_ids)

    def _land(self, patience: float) -> None:
        """Have recorded what has landed by now; wait `patience` seconds for the first if nothing has."""
        landings = self._landings(patience)
        self._give_back([answered[0].claimed.id for answered in landings])
        if landings:
            gate.look()
        self.recorder.take([result for answered in landings for result in answered])

    def _landings(self, patience: float) -> list[Answered]:
        landed: list[Answered | None] = []
        with suppress(Empty):
            landed.append(self.landed.get(timeout=patience) if patience else self.landed.get_nowait())
            while True:
                landed.append(self.landed.get_nowait())
        return [answered for answered in landed if answered is not None]


def _capacity(lane: str) -> int:
    """How many deliveries a run may hold at a time: more than any one account may have. Bulk leaves a quarter to high."""
    places = 2 * under_way(conf.delivery_concurrency)
    return places if lane == Delivery.Lane.HIGH else max(places - max(places // 4, 1), 1)
