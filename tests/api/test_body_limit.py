"""A body that is too big is refused while it arrives, whether or not its length was announced."""

import asyncio
from typing import Any

import orjson
import pytest
from django.core.asgi import get_asgi_application
from django.test import override_settings

from hub.api.asgi import BodyLimit

CHUNK = b"x" * 600


async def answer(path: str, chunks: int) -> tuple[int, bytes, int]:
    """(status, body, chunks taken) of a POST that comes in pieces."""
    sent: list[Any] = []
    left = chunks

    async def receive() -> Any:
        nonlocal left
        if left <= 0:
            await asyncio.Event().wait()  # the caller stays connected
        left -= 1
        return {"type": "http.request", "body": CHUNK, "more_body": left > 0}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    with override_settings(HUB={"max_body": 1_000}):
        await BodyLimit(get_asgi_application())(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), chunks - left


async def test_too_much_is_refused_while_it_arrives() -> None:
    status, body, taken = await answer("/api/v1/notifications", 1_000)
    assert (status, taken) == (413, 2)
    assert orjson.loads(body)["code"] == "too_large"


@pytest.mark.parametrize(("path", "chunks"), [("/api/v1/nothing", 1), ("/elsewhere", 10)])
async def test_what_fits_and_what_is_not_ours_goes_through(path: str, chunks: int) -> None:
    status, _, taken = await answer(path, chunks)
    assert (status, taken) == (404, chunks)
