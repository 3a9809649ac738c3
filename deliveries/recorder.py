"""Answers go on record beside the claims: while one transaction is under way, what lands waits for the next."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from django.db import connections

from deliveries.database import persistently
from hub.fallback.record import Result, record


class Recorder:
    """Of one drain, in whose thread it is used. `done` is called from another, each time that something is on record."""

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done
        # a drain that finds nothing needs none
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: list[Result] = []
        self._recording: Sequence[Result] = ()
        self._transaction: Future[int] | None = None

    @property
    def behind(self) -> int:
        """How many results are not known to be on record."""
        return len(self._waiting) + len(self._recording)

    def take(self, results: Sequence[Result]) -> None:
        """Record these too, soon. Raises what an earlier transaction raised."""
        self._waiting += results
        if self._transaction is not None and self._transaction.done():
            self._end()
        if self._waiting and self._transaction is None:
            self._begin()

    def close(self) -> None:
        """Return once everything is on record. Raises what recording raised."""
        try:
            while self.behind:
                if self._transaction is None:
                    self._begin()
                self._end()
        finally:
            if self._thread is not None:
                self._thread.submit(connections.close_all)
                self._thread.shutdown()

    def _begin(self) -> None:
        self._recording, self._waiting = self._waiting, []
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="record")
        self._transaction = self._thread.submit(persistently, partial(record, self._recording))
        self._transaction.add_done_callback(lambda _: self._done())

    def _end(self) -> None:
        if self._transaction is not None:
            transaction, self._transaction = self._transaction, None
            self._recording = ()
            transaction.result()
