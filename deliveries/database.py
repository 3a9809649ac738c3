"""Database connections of threads that nobody closes them for: every run gives its connection back to the pool."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections

logger = logging.getLogger(__name__)
T = TypeVar("T")

# about six seconds in all: a restart of PostgreSQL, well within any lease
PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2)


@contextmanager
def released() -> Iterator[None]:
    """Close this thread's connections at the end, come what may."""
    try:
        yield
    finally:
        connections.close_all()


def persistently(write: Callable[[], T]) -> T:
    """Run a transaction again while the database is out of reach. What a provider has answered is worth some patience:
    forgotten, it would be a second copy."""
    for pause in PAUSES:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database is out of reach (%s); trying again in %s s", type(error).__name__, pause)
            connections.close_all()
            time.sleep(pause)
    return write()
