"""What waits in the broker, and on its way there."""

import os
from collections.abc import Callable
from threading import Event
from typing import Any

from hub.presence import redis_client
from hub.wake import _messenger as messenger  # whatever a test puts in its place
from project.celery import app
from tests.support.waiting import wait_until


def queued(queue: str) -> int:
    prefix = app.conf.broker_transport_options["global_keyprefix"]
    length: Any = redis_client().llen(f"{prefix}{queue}")
    return int(length)


def awaitable(send: Callable[[Any], None]) -> Callable[[Any], None]:
    """What sends hints, such that one may be an event: it is set when all hints before it are out."""
    return lambda hint: hint.set() if isinstance(hint, Event) else send(hint)


def hints_are_sent() -> None:
    """Wait for every hint told so far. One thread sends them, in order."""
    last: Any = Event()
    messenger(os.getpid()).tell(last)
    assert last.wait(30), "hints are not sent"


def arrives(queue: str, wanted: int) -> None:
    """Hints are sent by a thread of their own."""
    wait_until(lambda: queued(queue) == wanted)
