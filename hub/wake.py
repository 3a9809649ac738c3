"""The second way out of the domain: a Celery task by name. A wake-up says only "look"; what is due is in the record."""

import logging
import os
import threading
from functools import lru_cache
from queue import SimpleQueue
from typing import NamedTuple

from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from hub.breaker import redis_breaker
from hub.conf import conf
from hub.presence import redis_client

logger = logging.getLogger(__name__)

DISPATCH = "deliveries.dispatch"
FAN_OUT = "deliveries.fan_out"
WEBHOOKS = "deliveries.webhooks"
WEBHOOKS_QUEUE = "hub.webhooks"


def pending_key(queue: str) -> str:
    """Set while a wake-up waits in `queue`, so that a burst is one task; the task deletes it as it starts."""
    return f"hub:wake:{queue}"


def wake(channel: str, lane: str) -> None:
    """Have a worker look at what is due on a channel's lane. Never waits, never raises."""
    _hint(DISPATCH, [channel, lane], f"{channel}.{lane}")


def wake_fan_out(lane: str) -> None:
    """Have a worker look at the fan-outs that are due. Never waits, never raises."""
    _hint(FAN_OUT, [lane], f"hub.{lane}")


def wake_webhooks() -> None:
    """Have a worker look at what webhooks are owed. Never waits, never raises."""
    _hint(WEBHOOKS, [], WEBHOOKS_QUEUE)


def _hint(task: str, args: list[str], queue: str) -> None:
    """In a thread of its own: a broker that hangs must not hold the request that has just been answered."""
    if _is_heard() and not redis_breaker.is_open:
        _messenger(os.getpid()).tell(_Hint(task, tuple(args), queue))


def _is_heard() -> bool:
    """Without Celery nobody would take a hint, and the workers look by themselves."""
    return bool(conf.celery and current_app.conf.broker_url)


class _Hint(NamedTuple):
    task: str
    args: tuple[str, ...]
    queue: str


class _Messenger:
    """Sends hints in a daemon thread, which holds up neither a caller nor the end of the process."""

    def __init__(self) -> None:
        self._hints: SimpleQueue[_Hint] = SimpleQueue()
        # Hints that wait already: telling them twice says nothing more.
        self._waiting: set[_Hint] = set()
        threading.Thread(target=self._run, name="hub-wake", daemon=True).start()

    def tell(self, hint: _Hint) -> None:
        if hint not in self._waiting:
            self._waiting.add(hint)
            self._hints.put(hint)

    def _run(self) -> None:
        while True:
            hint = self._hints.get()
            # Before it is sent: what becomes due from here on needs a hint of its own.
            self._waiting.discard(hint)
            _send(hint)


@lru_cache(maxsize=1)
def _messenger(pid: int) -> _Messenger:
    """One a process: threads don't survive a fork."""
    return _Messenger()


def _send(hint: _Hint) -> None:
    try:
        if redis_client().set(pending_key(hint.queue), 1, nx=True, ex=conf.wake_ttl):
            current_app.send_task(hint.task, args=hint.args, queue=hint.queue, retry=False, ignore_result=True)
    except (RedisError, OperationalError, OSError) as error:
        redis_breaker.failed(error)
    except Exception:
        logger.exception("no hint can be sent to %s; the sweep finds what is due", hint.queue)
