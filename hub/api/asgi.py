"""Refuses a body that is too big while it arrives: Django would first write all of it to disk."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from hub.api.middleware import API
from hub.api.problems import MEDIA_TYPE, TITLES
from hub.conf import conf

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[..., Awaitable[None]]


class BodyLimit:
    """Wraps the ASGI application of Django; bodies below /api/ may have `conf.max_body` bytes, announced or not."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or API not in scope["path"]:
            await self.app(scope, receive, send)
            return
        bounded = _Bounded(receive)
        await self.app(scope, bounded, send)
        if bounded.exceeded:
            await _refuse(scope["path"], send)


class _Bounded:
    """Hangs up on Django, which then drops what it has and answers nothing, as soon as too much has come in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._received = 0

    @property
    def exceeded(self) -> bool:
        return self._received > conf.max_body

    async def __call__(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.exceeded else message


async def _refuse(path: str, send: Send) -> None:
    document = {
        "type": "urn:hub:problem:too_large",
        "title": TITLES[413],
        "status": 413,
        "detail": f"A body may have {conf.max_body} bytes.",
        "code": "too_large",
        "errors": [],
        "request_id": "",
        "instance": path,
    }
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(document)})
