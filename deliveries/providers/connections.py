"""Opened mail connections, lent to one thread at a time and kept while there is something to send."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

logger = logging.getLogger(__name__)


class Connections:
    """Lends each caller a connection of its own. One on which anything failed is dropped, never lent again."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._free: list[Any] = []
        self._lock = Lock()

    @contextmanager
    def lend(self) -> Iterator[Any]:
        connection = self._take() or self._connect()
        try:
            yield connection
        except BaseException:
            drop(connection)
            raise
        with self._lock:
            self._free.append(connection)

    def close(self) -> None:
        """Close those that nobody uses now."""
        with self._lock:
            free, self._free = self._free, []
        for connection in free:
            with suppress(Exception):
                connection.close()

    def _take(self) -> Any | None:
        with self._lock:
            return self._free.pop() if self._free else None


def drop(connection: Any) -> None:
    """Close a connection that failed. How it ends is of no interest any more."""
    with suppress(Exception):
        getattr(connection, "abandon", connection.close)()
