"""One run at a time for each key in a process. Who comes meanwhile doesn't wait: the run goes round again for them."""

from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock


@dataclass(eq=False, slots=True)
class Turn:
    """One run of a key, from `take` to its end."""

    key: Hashable
    asked_again: bool = False


class Turns:
    """Closes the gap between a run's last look and its end, in which a wake-up would otherwise be lost."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[Hashable, Turn] = {}

    def take(self, key: Hashable) -> Turn | None:
        """The turn to run, or None: somebody is running, and will go round again."""
        with self._lock:
            running = self._running.get(key)
            if running is not None:
                running.asked_again = True
                return None
            turn = self._running[key] = Turn(key)
            return turn

    def once_more(self, turn: Turn) -> bool:
        """True if somebody came since the last look; else the turn has ended."""
        with self._lock:
            again, turn.asked_again = turn.asked_again, False
            if not again:
                self._end(turn)
            return again

    def give_up(self, turn: Turn) -> None:
        """End the turn whatever was asked: after an error, or when time is up."""
        with self._lock:
            self._end(turn)

    def _end(self, turn: Turn) -> None:
        """Once it has ended, the next turn of its key is somebody else's."""
        if self._running.get(turn.key) is turn:
            del self._running[turn.key]
