"""Waiting for what happens in another thread or process."""

import time
from collections.abc import Callable


def wait_until(
    happened: Callable[[], object], seconds: float = 30, why: Callable[[], str] = lambda: "it never happened"
) -> None:
    """Return as soon as it has. Raises AssertionError with `why()` when it hasn't: after long enough for a busy machine."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)
