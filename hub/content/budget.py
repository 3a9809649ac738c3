"""How much of a thread's time one rendering may take: processor time, so that a busy machine refuses nothing that an idle
one lets through."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from hub.exceptions import HubError

# what one rendering may take for all of its parts together; templates of people take a few milliseconds
SECONDS = 0.25
# and what checking a whole template may, in all its languages
CHECK_SECONDS = 2.0

_ends: ContextVar[float | None] = ContextVar("hub_content_budget", default=None)


class TooMuchWork(HubError):
    """A template or a schema asks for more work than a rendering may take."""

    code = "too_much_work"
    status = 422


@contextmanager
def budget(seconds: float = SECONDS) -> Iterator[None]:
    """What is rendered within shares one budget; an outer one goes on counting."""
    token = _ends.set(time.thread_time() + seconds) if _ends.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _ends.reset(token)


def check() -> None:
    """Raise TooMuchWork once the budget is spent."""
    ends = _ends.get()
    if ends is not None and time.thread_time() > ends:
        raise TooMuchWork("This takes too much work.")
