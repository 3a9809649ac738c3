"""What waits in the broker."""

from typing import Any

from hub.presence import redis_client
from project.celery import app
from tests.support.waiting import wait_until


def queued(queue: str) -> int:
    prefix = app.conf.broker_transport_options["global_keyprefix"]
    length: Any = redis_client().llen(f"{prefix}{queue}")
    return int(length)


def arrives(queue: str, wanted: int) -> None:
    """Hints are sent by a thread of their own."""
    wait_until(lambda: queued(queue) == wanted)
