"""What is being worked on, for every log line: ids in a context variable, for whatever formats the lines (`project.logs`).

Only ids, never a name, an address, a title or a token. The hub logs by `logging` and leaves its configuration to the project.
"""

import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_IDS: ContextVar[Mapping[str, object]] = ContextVar("hub_ids", default={})  # noqa: B039  nobody writes into it


@contextmanager
def tracing(**ids: object) -> Iterator[None]:
    """For the while: request_id, tenant (a slug), notification_id, delivery_id, attempt_id. None: not known."""
    before = _IDS.set({**_IDS.get(), **ids})
    try:
        yield
    finally:
        _IDS.reset(before)


def trace(**ids: object) -> None:
    """`tracing` for the rest of a task, whose context is its own."""
    _IDS.set({**_IDS.get(), **ids})


def traced() -> dict[str, str]:
    """The ids of what is being worked on, as far as they are known."""
    return {name: str(value) for name, value in _IDS.get().items() if value is not None}


def request_id() -> str:
    """The request that all this is about, kept on what it leads to; empty outside of one."""
    return str(_IDS.get().get("request_id") or "")


def log_error(logger: logging.Logger, message: str, error: BaseException) -> None:
    """An error with the places that it came by, and without its text: libraries put addresses and bodies into theirs."""
    places = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s: %s\n%s", message, type(error).__name__, places)
