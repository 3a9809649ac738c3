"""Cuts off a body that is too big while it arrives: Django would first write all of it to disk."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from hub.api.middleware import API
from hub.conf import conf

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[..., Awaitable[None]]


class BodyLimit:
    """Wraps the ASGI application of Django; bodies below /api/ may have `conf.max_body` bytes, announced or not.

    Of a bigger one the application gets a little more than that, so the parser refuses it as it would any; the answer
    then has a request id and whatever else an answer has.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or API not in scope["path"]:
            await self.app(scope, receive, send)
            return
        bounded = _Bounded(receive, send)
        await self.app(scope, bounded.receive, bounded.send)


class _Bounded:
    """The body as far as it is allowed to come, and one chunk more."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._received = 0

    @property
    def exceeded(self) -> bool:
        return self._received > conf.max_body

    async def receive(self) -> Message:
        """After the end that it made up it drops what still comes, until the caller hangs up."""
        if self.exceeded:
            while (await self._receive())["type"] != "http.disconnect":
                pass
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._received += len(message.get("body", b""))
        return {**message, "more_body": False} if self.exceeded else message

    async def send(self, message: Message) -> None:
        """Close the connection of a caller who may still be sending."""
        if self.exceeded and message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
        await self._send(message)
