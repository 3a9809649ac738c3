"""The sweeper, in every Celery worker that has the tasks and in `manage.py hub_worker`: it needs no broker and no scheduler,
so mail goes out while Redis is down."""

import gc
import logging
import random
from contextlib import suppress
from threading import Event, Thread
from typing import Any

from celery.concurrency import get_implementation
from celery.signals import worker_init, worker_shutdown, worker_shutting_down

from deliveries import dispatch, sweeper, webhooks, withdrawals
from deliveries.database import released
from deliveries.providers import pool
from hub.conf import conf

logger = logging.getLogger(__name__)

# Pools that don't fork: a child would inherit threads that don't run in it and connections that aren't its own.
POOLS = frozenset({"celery.concurrency.thread", "celery.concurrency.solo"})
# before the garbage collector looks at them: a lane has some 12,000 under way, of which hardly any is ever garbage
NEW_OBJECTS = 50_000
# after a step has failed, so that an outage of the database is no storm of errors
PAUSE_AFTER_FAILURE = 5.0


class Ticker:
    """Runs each step of the sweep every `sweep_interval` seconds, each in its thread: a long fan-out delays no mail."""

    def __init__(self) -> None:
        self._stop = Event()
        self._threads = [
            Thread(target=self._tick, args=(name,), name=f"sweep-{name}", daemon=True) for name in sweeper.STEPS
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()

    def join(self, timeout: float) -> None:
        """Wait for the steps that are running, `timeout` seconds each at most."""
        for thread in self._threads:
            thread.join(timeout)

    def _tick(self, step: str) -> None:
        # the first look is spread too: workers that start together should not look together
        pause = conf.sweep_interval * random.random()  # noqa: S311
        while not self._stop.wait(pause):
            with released():
                failed = sweeper.run_step(step) < 0
            pause = PAUSE_AFTER_FAILURE if failed else conf.sweep_interval * random.uniform(0.75, 1.25)  # noqa: S311


_tickers: list[Ticker] = []


@worker_init.connect
def start_ticker(sender: Any, **_: object) -> None:
    """Before the broker is connected, on purpose: `worker_ready` would wait for it."""
    pool = get_implementation(sender.pool_cls).__module__
    if pool not in POOLS:
        logger.warning("no sweeper in this worker: its pool forks (%s); the hub's queues need `-P threads`", pool)
        return
    begin()


def freeze() -> None:
    """What is loaded by now stays for good: the garbage collector, which would look at all of it again and again, leaves it
    alone, and looks no more at what is under way every few messages. The one made a worker a sixth faster, the other saves a
    sixth of the processor's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def begin() -> None:
    """Start looking for what is due."""
    freeze()
    dispatch.stopping.clear()
    ticker = Ticker()
    _tickers.append(ticker)
    ticker.start()


@worker_shutting_down.connect
def ask_to_stop(**_: object) -> None:
    """Claim nothing more; finish what is in flight."""
    dispatch.stopping.set()
    for ticker in _tickers:
        ticker.ask_to_stop()


@worker_shutdown.connect
def wait_for_the_end(**_: object) -> None:
    """Wait for calls that are on the wire: ending now would leave them to be recovered as ambiguous."""
    ask_to_stop()
    for ticker in _tickers:
        ticker.join(timeout=2)
    dispatch.join(timeout=2 * conf.provider_timeout)
    webhooks.join(timeout=conf.provider_timeout)
    withdrawals.join(timeout=conf.provider_timeout)
    with suppress(TimeoutError):
        pool.close()
    _tickers.clear()
