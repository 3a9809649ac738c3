"""Being asked to stop: once to stop in order, twice to hurry."""

import os
import signal
import time
from pathlib import Path
from types import FrameType

INTERRUPTED = 1 << (signal.SIGINT - 1)  # SIGINT in the signal masks of /proc/<pid>/status


class StopRequest:
    """True in a condition once somebody asked; `hurry` once they asked again."""

    def __init__(self) -> None:
        self.times = 0
        self._parent = os.getppid() if parent_is_make() else 0
        self._looked_at = 0.0

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked)

    def __bool__(self) -> bool:
        return self.times > 0 or self._make_was_interrupted()

    def hurry(self) -> bool:
        return self.times > 1

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self.times += 1

    def _make_was_interrupted(self) -> bool:
        """A SIGINT sent to `make` alone (by a script or an IDE; a terminal's reaches all) is not passed on to us, yet
        make waits for us: we see it in the signals that make holds back meanwhile. When make is gone, we go too."""
        now = time.monotonic()
        if not self._parent or now - self._looked_at < 0.25:
            return False
        self._looked_at = now
        if os.getppid() != self._parent or blocked_signals(self._parent) & INTERRUPTED:
            self.times = max(self.times, 1)
        return self.times > 0


def parent_is_make() -> bool:
    try:
        return Path(f"/proc/{os.getppid()}/comm").read_text().strip() in ("make", "gmake")
    except OSError:
        return False


def blocked_signals(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:")), 0)
