"""One run at a time for each key in a process. Who comes meanwhile doesn't wait: the run goes round again for them."""

from collections.abc import Hashable
from threading import Lock


class Turns:
    """Closes the gap between a run's last look and its end, in which a wake-up would otherwise be lost."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked_again: dict[Hashable, bool] = {}

    def take(self, key: Hashable) -> bool:
        """True: run. False: somebody is running, and will go round again."""
        with self._lock:
            if key in self._asked_again:
                self._asked_again[key] = True
                return False
            self._asked_again[key] = False
            return True

    def once_more(self, key: Hashable) -> bool:
        """True if somebody came since the last look; else the turn has ended."""
        with self._lock:
            if self._asked_again[key]:
                self._asked_again[key] = False
                return True
            del self._asked_again[key]
            return False

    def give_up(self, key: Hashable) -> None:
        """End the turn whatever was asked: after an error, or when time is up."""
        with self._lock:
            self._asked_again.pop(key, None)
