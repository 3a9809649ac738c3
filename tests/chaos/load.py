"""Notifications from several clients at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count as counter

from tests.bench.api import Api
from tests.bench.world import User, World


class Burst:
    """`size` notifications to one user from `clients` threads, as fast as they are accepted."""

    def __init__(self, world: World, user: User, size: int, clients: int = 3) -> None:
        self.world, self.user, self.size, self.clients = world, user, size, clients
        self.accepted = 0
        self._numbers = counter()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Returns when all are accepted. Raises if one is refused."""
        with ThreadPoolExecutor(self.clients) as pool:
            for done in [pool.submit(self._send, self.world.api) for _ in range(self.clients)]:
                done.result()

    def _send(self, connect: Callable[[], Api]) -> None:
        with connect() as api:
            while (number := next(self._numbers)) < self.size:
                api.notify(self.user.id, f"Number {number}")
                with self._lock:
                    self.accepted += 1
