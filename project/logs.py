"""The log of every process: one line of JSON an event, or a line for people; ids in it, and nobody's data.

Whatever logs (the hub, Django, uvicorn, Daphne, Celery) goes through one handler of the root logger. A line has `event`,
`level`, `logger`, `timestamp`, and what is known of `request_id`, `tenant`, `notification_id`, `delivery_id`, `attempt_id`, and
on a socket of `session_id` and `subscriber_id`, the hub's own.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog
from django.core.exceptions import ImproperlyConfigured

from hub.trace import traced

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
# No line says these, so nobody needs to find them out: a quarter of what a line costs (the logging HOWTO, "Optimization").
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

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
# characters of what is worth remembering as cleaned
_SHORT = 64
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
    if form == "json":
        return Lines(lambda event: orjson.dumps(event, default=str).decode())
    people = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )
    return Lines(lambda event: str(people(None, event["level"], event)))


class Lines(logging.Formatter):
    """A record and what is being worked on, made in one pass, as every attempt has one: structlog's chain of steps takes half
    as long again. `render`: what becomes of it."""

    def __init__(self, render: Callable[[dict[str, Any]], str]) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        given = record.__dict__
        event = {
            **traced(),
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            **{name: given[name] for name in EXTRAS if name in given},
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        if "request" in given:
            _name_route(event, given["request"])
        if record.exc_info and record.exc_info[0]:
            event["exception"] = self.formatException(record.exc_info)
        return self._render({name: _shown(name, value) for name, value in event.items() if value is not None})


def _name_route(event: dict[str, Any], request: Any) -> None:
    """Django writes the path of what it refuses, in which somebody may be named; the route says as much. It does so after the
    request's own context has ended."""
    path = getattr(request, "path", None)
    if path:
        event.setdefault("request_id", getattr(request, "hub_request_id", None))
        route = getattr(getattr(request, "resolver_match", None), "route", None)
        event["event"] = str(event["event"]).replace(path, f"/{route}" if route else "(no route)")


def _shown(name: str, value: Any) -> Any:
    """A last net under what others write: addresses, numbers, tokens, passwords. What is not known is not shown."""
    if name in OURS or not isinstance(value, str):
        return value
    return _word(value) if len(value) <= _SHORT else _cleaned(value)


def _cleaned(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        for pattern, instead in _LEFT_OUT:
            text = pattern.sub(instead, text)
    return text


# most of what is logged is a few words, again and again
_word = lru_cache(maxsize=1024)(_cleaned)
