"""Requests share a few threads, give their connections back, and are answered whole."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path

from project.handler import OneHopHandler

threads: set[str] = set()
closed = threading.Event()


def one(request: HttpRequest) -> HttpResponseBase:
    threads.add(threading.current_thread().name)
    connections.close_all()  # in a test every thread has a connection of its own, and nobody else closes it
    return HttpResponse(request.body or b"one")


def several(_: HttpRequest) -> HttpResponseBase:
    def parts() -> Iterator[bytes]:
        try:
            yield b"a" * 10
            yield b"b" * 10
        finally:
            closed.set()

    return StreamingHttpResponse(parts())


def broken(_: HttpRequest) -> HttpResponseBase:
    with connection.cursor() as db:
        db.execute("SELECT 1")
    raise RuntimeError("as if")


urlpatterns = [path("one", one), path("several", several), path("broken", broken)]


@pytest.fixture
def handler(settings: Any) -> OneHopHandler:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    settings.HUB_WEB_THREADS = 3
    return OneHopHandler()


async def ask(handler: OneHopHandler, address: str, body: bytes = b"") -> tuple[int, bytes]:
    scope = {"type": "http", "method": "POST", "path": address, "query_string": b"", "headers": [], "scheme": "http"}
    caller = ApplicationCommunicator(handler, scope)
    await caller.send_input({"type": "http.request", "body": body})
    status = (await caller.receive_output(10))["status"]
    content, more = b"", True
    while more:
        part = await caller.receive_output(10)
        content, more = content + part.get("body", b""), part.get("more_body", False)
    await caller.wait(10)
    return status, content


async def test_many_requests_share_a_few_threads(handler: OneHopHandler) -> None:
    threads.clear()
    answers = await asyncio.gather(*(ask(handler, "/one", str(number).encode()) for number in range(40)))
    assert answers == [(200, str(number).encode()) for number in range(40)]
    assert len(threads) <= 3


async def test_a_stream_is_sent_whole_and_closed(handler: OneHopHandler) -> None:
    closed.clear()
    assert await ask(handler, "/several") == (200, b"a" * 10 + b"b" * 10)
    assert closed.is_set()


async def test_a_stream_whose_client_is_gone_is_closed(handler: OneHopHandler) -> None:
    closed.clear()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            raise OSError("the client is gone")

    scope = {"type": "http", "method": "GET", "path": "/several", "query_string": b"", "headers": [], "scheme": "http"}
    with pytest.raises(OSError, match="gone"):
        await handler(scope, receive, send)
    assert closed.is_set()


@pytest.mark.django_db(transaction=True)
async def test_a_failure_is_a_500_and_gives_its_connection_back(handler: OneHopHandler) -> None:
    for _ in range(30):  # more often than the pool has connections
        assert (await ask(handler, "/broken"))[0] == 500
