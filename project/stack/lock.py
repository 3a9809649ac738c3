"""One stack a checkout."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from project.stack.errors import StackError


@contextmanager
def only_one(file: Path) -> Iterator[None]:
    """Hold the lock for the block. The kernel lets go of it however we end, so it can't be stale."""
    with file.open("a+") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            opened.seek(0)
            raise StackError(
                f"another `make run` (pid {opened.read().strip() or 'unknown'}) is at work in this checkout",
                "use that one, or stop it with Ctrl-C first",
            ) from None
        opened.truncate(0)
        opened.write(f"{os.getpid()}\n")
        opened.flush()
        yield
