"""A body that is too big is refused while it arrives, whether or not its length was announced."""

import asyncio
from math import inf
from typing import Any

import orjson
import pytest
from django.core.asgi import get_asgi_application
from django.test import override_settings

from hub.api.asgi import BodyLimit
from tests.api.client import Api, commits

CHUNK = b"x" * 600


async def answer(path: str, chunks: float, *headers: tuple[bytes, bytes]) -> tuple[dict[str, Any], bytes, int]:
    """(start of the answer, body, chunks taken) of a POST that comes in pieces; `inf` never ends."""
    sent: list[Any] = []
    taken = 0

    async def receive() -> Any:
        nonlocal taken
        await asyncio.sleep(0)
        if taken >= chunks:
            await asyncio.Event().wait()  # the caller stays connected
        taken += 1
        return {"type": "http.request", "body": CHUNK, "more_body": taken < chunks}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        **{"type": "http", "method": "POST", "path": path, "query_string": b""},
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), *headers],
    }
    with override_settings(HUB={"max_body": 1_000}):
        await BodyLimit(get_asgi_application())(scope, receive, send)
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:]), taken


@commits
@pytest.mark.parametrize("chunks", [2, inf])
async def test_too_much_is_refused_while_it_arrives(server: Api, chunks: float) -> None:
    key = (b"authorization", f"Bearer {server.credential}".encode())
    start, body, _ = await answer("/api/v1/notifications", chunks, key, (b"x-request-id", b"mine"))
    assert start["status"] == 413
    problem, headers = orjson.loads(body), {name.lower(): value for name, value in start["headers"]}
    assert (problem["code"], problem["request_id"], problem["instance"]) == (
        "too_large",
        "mine",
        "/api/v1/notifications",
    )
    assert (headers[b"x-request-id"], headers[b"connection"]) == (b"mine", b"close")
    assert headers[b"ratelimit"]


@pytest.mark.parametrize(("path", "chunks"), [("/api/v1/nothing", 1), ("/elsewhere", 10)])
async def test_what_fits_and_what_is_not_ours_goes_through(path: str, chunks: int) -> None:
    start, _, taken = await answer(path, chunks)
    assert (start["status"], taken) == (404, chunks)
    assert b"connection" not in dict(start["headers"])


async def test_no_more_than_one_chunk_too_much_is_taken_in() -> None:
    """What the application gets to see of an endless body."""
    seen: list[Any] = []

    async def app(_: Any, receive: Any, send: Any) -> None:
        while not seen or seen[-1]["more_body"]:
            seen.append(await receive())

    async def receive() -> Any:
        return {"type": "http.request", "body": CHUNK, "more_body": True}

    with override_settings(HUB={"max_body": 1_000}):
        await BodyLimit(app)({"type": "http", "path": "/api/v1/notifications"}, receive, receive)
    assert len(seen) == 2


@commits
async def test_a_body_without_its_length_is_a_body(server: Api) -> None:
    key = (b"authorization", f"Bearer {server.credential}".encode())
    start, body, _ = await answer("/api/v1/notifications", 1, key)
    assert start["status"] == 400
    assert orjson.loads(body)["code"] == "malformed"  # it was read: x is no JSON
