"""The time as the emulators see it: tokens age and messages arrive by it."""

import time
from datetime import UTC, datetime


class Clock:
    """Runs with the machine's until it is moved on."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def today(self) -> datetime:
        return datetime.fromtimestamp(self.now(), tz=UTC)

    def advance(self, seconds: float) -> None:
        self._ahead += seconds
