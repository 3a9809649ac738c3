"""Whatever a process writes comes out in one form, with what is known of it and without what nobody may read."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from hypothesis import given, settings
from hypothesis.strategies import sampled_from, text

from hub.trace import request_id, traced, tracing
from project import logs
from project.logs import BORROWED, OncePerTurn, formatter, logging_settings


def line(message: str, *args: object, **fields: Any) -> dict[str, Any]:
    record = logging.LogRecord("hub.test", logging.WARNING, __file__, 1, message, args, fields.pop("exc_info", None))
    record.__dict__.update(fields)
    told: dict[str, Any] = json.loads(formatter("json").format(record))
    return told


def test_a_line_says_what_is_being_worked_on_and_only_meanwhile() -> None:
    with tracing(request_id="r1", tenant="acme"):
        with tracing(notification_id=7, tenant=None):
            inner = line("inside", status=202, secret="not allowed")
        outer = line("outside")
    assert {"event": "inside", "request_id": "r1", "notification_id": "7", "status": 202}.items() <= inner.items()
    assert not {"secret", "tenant"} & inner.keys()
    assert (outer["tenant"], outer["level"], outer["logger"]) == ("acme", "warning", "hub.test")
    assert "notification_id" not in outer
    assert traced() == {}
    assert request_id() == ""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("550 <ada@example.com> is unknown", "550 <(address)> is unknown"),
        ("GET /subscribers/ada%40example.com", "GET /subscribers/(address)"),
        ("Authorization: Bearer abc.def", "Authorization: …"),
        ("{'X-API-Key': 'hub_0123', 'a': 1}", "{'X-API-Key': …, 'a': 1}"),
        ("key hub_bcb1ec23_JPgHw82pRjsXLj_ad7ZW refused", "key hub_… refused"),
        ("eyJhbGciOi.eyJzdWIi.VkMPlFH7 is stale", "(token) is stale"),
        ("call +49 157 9988-7766 back", "call (number) back"),
        ("redis://:pa55@127.0.0.1:6379/0 is gone", "redis://…@127.0.0.1:6379/0 is gone"),
        ("it broke\nDETAIL:  Failing row contains (1, Ada,\nCountess).", "it broke\nDETAIL: …"),
        ("2026-11-21T12:41:29+00:00 order 4711", "2026-11-21T12:41:29+00:00 order 4711"),
    ],
)
def test_what_nobody_may_read_is_left_out(said: str, shown: str) -> None:
    assert line("%s", said)["event"] == shown


NASTY = (
    *("hub_JPgHw82pRjsXLj_ad7ZW", "eyJh.eyJz.VkMP", "DETAIL: x", "token:abc", "Password:abc", "x-api-key:abc"),
    *("secret:abc", "cookie:abc", "authorization:abc"),
    *("redis://u:p@h", "a@b.de", "+4915112345", "\n"),
)


@given(text("ab1_/.-: ", max_size=5), sampled_from(("", *NASTY)), text("ab1_/.-: ", max_size=5))
@settings(max_examples=500)
def test_what_is_taken_for_plain_needs_no_cleaning(before: str, nasty: str, after: str) -> None:
    value = before + nasty + after
    cleaned = value
    for pattern, instead in logs._LEFT_OUT:
        cleaned = pattern.sub(instead, cleaned)
    assert logs._PLAIN.fullmatch(value) is None or cleaned == value


def test_an_exception_keeps_its_way_and_loses_the_row_that_was_quoted() -> None:
    quoted = "Ada"
    try:
        raise ValueError(f"refused\nDETAIL:  Key (email)=({quoted}) already exists.")
    except ValueError:
        told = line("failed", exc_info=sys.exc_info())
    assert "Traceback" in told["exception"]
    assert "refused" in told["exception"]
    assert "Ada" not in told["exception"]


def test_people_get_a_line_and_anything_else_is_refused() -> None:
    record = logging.LogRecord("hub.test", logging.INFO, __file__, 1, "hello", (), None)
    assert "hello" in formatter("console").format(record)
    with pytest.raises(ImproperlyConfigured, match="HUB_LOG_FORMAT"):
        logging_settings("xml", "INFO")


@pytest.mark.parametrize("name", BORROWED)
def test_servers_write_through_the_same_handler(name: str) -> None:
    logger = logging.getLogger(name)
    assert logger.handlers == []
    assert logger.propagate


@pytest.mark.parametrize("left_out", [[], ["hub.api.middleware.RequestIdMiddleware"]])
def test_the_id_is_there_with_the_middleware_or_without(settings: Any, left_out: list[str], db: None) -> None:
    """A host project may leave it out."""
    middleware = [name for name in settings.MIDDLEWARE if name not in left_out]
    with override_settings(MIDDLEWARE=middleware):
        answer = Client().get("/api/v1/inbox", headers={"X-Request-Id": "order-17"})
    assert (answer["X-Request-Id"], answer.json()["request_id"]) == ("order-17", "order-17")
    assert traced() == {}


@pytest.fixture
def written() -> Iterator[tuple[logging.Logger, Callable[[], list[str]]]]:
    """A logger, and the lines that have come out of it since the last look."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    handler = OncePerTurn(writer)
    logger = logging.Logger("hub.test")
    logger.addHandler(handler)

    def lines() -> list[str]:
        try:
            return os.read(reader, 4096).decode().splitlines()
        except BlockingIOError:
            return []

    yield logger, lines
    handler.stream.close()
    os.close(reader)
    os.close(writer)


def test_a_loop_writes_what_it_logs_once_a_turn(written: Any) -> None:
    logger, lines = written

    async def turn() -> None:
        logger.info("one")
        logger.info("two")
        assert lines() == []
        await asyncio.sleep(0)
        assert lines() == ["one", "two"]
        logger.info("three")
        logger.error("four")
        assert lines() == ["three", "four"]
        logger.info("five")

    asyncio.run(turn())
    logger.info("six")
    assert lines() == ["five", "six"]
