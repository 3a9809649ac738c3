"""What is being worked on, for every log line: ids in structlog's context variables, which any logging setup may merge.

Only ids, never a name, an address, a title or a token. The hub logs by `logging` and leaves its configuration to the project.
"""

import logging
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager

from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars


def tracing(**ids: object) -> AbstractContextManager[None]:
    """For the while: request_id, tenant (a slug), notification_id, delivery_id, attempt_id. None: not known."""
    return bound_contextvars(**_said(ids))


def trace(**ids: object) -> None:
    """`tracing` for the rest of a task, whose context is its own."""
    bind_contextvars(**_said(ids))


def _said(ids: Mapping[str, object]) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in ids.items()}


def request_id() -> str:
    """The request that all this is about, kept on what it leads to; empty outside of one."""
    return get_contextvars().get("request_id") or ""


def log_error(logger: logging.Logger, message: str, error: BaseException) -> None:
    """An error with the places that it came by, and without its text: libraries put addresses and bodies into theirs."""
    places = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s: %s\n%s", message, type(error).__name__, places)
