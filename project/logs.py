"""The log of every process: one line of JSON an event, or a line for people; ids in it, and nobody's data.

Whatever logs (the hub, Django, uvicorn, Daphne, Celery) goes through one handler of the root logger. A line has `event`,
`level`, `logger`, `timestamp`, and what is known of `request_id`, `tenant`, `notification_id`, `delivery_id`, `attempt_id`, and
on a socket of `session_id` and `subscriber_id`, the hub's own.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Any, TextIO

import orjson
import structlog
from django.core.exceptions import ImproperlyConfigured
from structlog.typing import EventDict, Processor

# What a record may carry in `extra`; a request or an exception of Django's is more than a log may know.
EXTRAS = (
    *("attempt_id", "batches", "code", "method", "ms", "outcome", "provider", "reason", "route", "status"),
    *("session_id", "subscriber_id", "tenant", "webhook_delivery_id", "webhook_id"),
)
# What only the hub itself says, in words that no cleaning would change.
OURS = frozenset(
    (
        *("timestamp", "level", "logger", "tenant", "notification_id", "delivery_id", "attempt_id", "outcome"),
        *("session_id", "subscriber_id", "webhook_delivery_id", "webhook_id"),
    )
)
# They bring handlers of their own, which would write each line twice and in another form.
BORROWED = ("django", "django.server", "django.channels.server", "uvicorn", "uvicorn.error", "uvicorn.access", "daphne")

_LEFT_OUT: tuple[tuple[re.Pattern[str], str], ...] = (
    # credentials of a service
    (re.compile(r"(?<=://)[^/@\s]+(?=@)"), "…"),
    # PostgreSQL quotes the row that it refuses; what follows may be any text of it
    (
        re.compile(r"\bDETAIL:.*?(?=\n(?:HINT:|CONTEXT:|\s*File \"|\n|[\w.]+(?:Error|Exception)\b)|\Z)", re.DOTALL),
        "DETAIL: …",
    ),
    (
        re.compile(
            r"(?i)\b(authorization|x-api-key|cookie|set-cookie|password|token|secret)(['\"]?\s*[:=]\s*)[^\n,}]+"
        ),
        r"\1\2…",
    ),
    (re.compile(r"\bhub_[A-Za-z0-9_.-]{16,}"), "hub_…"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "(token)"),
    (re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"), "(address)"),
    (re.compile(r"(?<![\w.:-])\+\d[\d ()/-]{6,}\d"), "(number)"),
)
# What none of these would change, as most of what is logged: ids, words, routes.
_PLAIN = re.compile(
    r"(?i)(?!.*(?:hub_|eyj|authorization|x-api-key|cookie|password|token|secret|detail:))[\w.:/-]*", re.ASCII
)


def logging_settings(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING. `form`: json or console; `level`: of the hub's own loggers."""
    if form not in ("json", "console"):
        raise ImproperlyConfigured(f"HUB_LOG_FORMAT is {form!r}: use json or console.")
    own: dict[str, Any] = {name: {"level": level} for name in ("hub", "consumers", "deliveries")}
    borrowed: dict[str, Any] = {name: {"handlers": [], "propagate": True} for name in BORROWED}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"hub": {"()": lambda: formatter(form)}},
        "handlers": {"stderr": {"()": lambda: OncePerTurn(2), "formatter": "hub"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": own | borrowed,
    }


class OncePerTurn(logging.StreamHandler[TextIO]):
    """To a file descriptor: at once, but what goes well on an event loop at the end of the loop's turn. Each write lets other
    threads run, and a busy loop that logs hundreds of lines in a turn would wait for them hundreds of times."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(open(descriptor, "w", encoding="utf-8", errors="backslashreplace", closefd=False))  # noqa: SIM115
        self._asked: asyncio.AbstractEventLoop | None = None

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if record.levelno >= logging.WARNING:
            self._write()

    def flush(self) -> None:
        turning = asyncio._get_running_loop()
        if turning is None or turning.is_closed():
            self._write()
        elif turning is not self._asked:
            self._asked = turning
            turning.call_soon(self._write)

    def _write(self) -> None:
        self._asked = None
        super().flush()


def formatter(form: str) -> logging.Formatter:
    """For records of the standard library, which all of ours are."""
    seen: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=EXTRAS),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        route_for_path,
    ]
    last: Processor
    if form == "json":
        last = structlog.processors.JSONRenderer(serializer=_json)
    else:
        plain = structlog.dev.plain_traceback
        last = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain, sort_keys=False)
    return Lines([*seen, structlog.processors.format_exc_info, leave_out, last])


class Lines(logging.Formatter):
    """What `processors` make of a record. structlog's own formatter makes every record a second time before it begins."""

    def __init__(self, processors: Sequence[Processor]) -> None:
        super().__init__()
        self._processors = processors

    def format(self, record: logging.LogRecord) -> str:
        line: Any = {"event": record.getMessage(), "_record": record}
        if record.exc_info:
            line["exc_info"] = record.exc_info
        for processor in self._processors:
            line = processor(None, record.levelname.lower(), line)
        return str(line)


def route_for_path(_: Any, __: str, event: EventDict) -> EventDict:
    """Django writes the path of what it refuses, in which somebody may be named; the route says as much. It does so after the
    request's own context has ended."""
    request = getattr(event.get("_record"), "request", None)
    path = getattr(request, "path", None)
    if path:
        event.setdefault("request_id", getattr(request, "hub_request_id", None))
        route = getattr(getattr(request, "resolver_match", None), "route", None)
        event["event"] = str(event["event"]).replace(path, f"/{route}" if route else "(no route)")
    return event


def leave_out(_: Any, __: str, event: EventDict) -> EventDict:
    """A last net under what others write: addresses, numbers, tokens, passwords. What is not known is not shown."""
    del event["_record"]
    return {name: value if name in OURS else _clean(value) for name, value in event.items() if value is not None}


def _clean(value: Any) -> Any:
    if not isinstance(value, str) or _PLAIN.fullmatch(value):
        return value
    for pattern, instead in _LEFT_OUT:
        value = pattern.sub(instead, value)
    return value


def _json(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()
