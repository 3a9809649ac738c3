"""The way out of one socket: each frame straight into the server's `send`, and a small queue only when that stalls."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any

logger = logging.getLogger(__name__)

Event = dict[str, Any]
Send = Callable[[Event], Coroutine[Any, Any, None]]

# seconds that a peer has to make room for the close frame
LINGER = 5.0
MAX_REASON = 123


class Outbox:
    """Keeps the order of frames. At most `limit` wait for a peer that doesn't read; one more calls `overflow`.

    `abandon` is called when such a peer makes no room for the close frame either.
    """

    __slots__ = ("_abandon", "_limit", "_overflow", "_send", "_waiting", "_writer", "closed")

    def __init__(self, send: Send, *, limit: int, overflow: Callable[[], None], abandon: Callable[[], None]) -> None:
        self._send = send
        self._limit = limit
        self._overflow = overflow
        self._abandon = abandon
        self._waiting: deque[Event] = deque()
        self._writer: asyncio.Task[None] | None = None
        self.closed = False

    async def accept(self, subprotocol: str | None) -> None:
        """Accept the socket."""
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})

    def push(self, text: str) -> None:
        """Send a text frame, now or as soon as the peer reads. Does nothing once closed."""
        if self.closed:
            return
        if len(self._waiting) >= self._limit:
            self._overflow()
        else:
            self._put({"type": "websocket.send", "text": text})

    def close(self, code: int, reason: str = "", *, drop: bool = False) -> None:
        """Close after what is waiting, or (`drop`) instead of it."""
        if self.closed:
            return
        self.closed = True
        if drop:
            self._waiting.clear()
        self._put({"type": "websocket.close", "code": int(code), "reason": _shortened(reason)})
        if self._writer is not None:
            asyncio.get_running_loop().call_later(LINGER, self._give_up)

    def stop(self) -> None:
        """The socket is gone: forget what waits."""
        self.closed = True
        self._waiting.clear()
        if self._writer is not None:
            self._writer.cancel()

    def _put(self, event: Event) -> None:
        if self._writer is not None:
            self._waiting.append(event)
            return
        # One step by hand: a send that doesn't have to wait ends in it, without a task. (What 3.12's eager tasks do.)
        sending = self._send(event)
        try:
            pending = sending.send(None)
        except StopIteration:
            return
        except Exception as error:
            # the peer is gone; `receive` says so too
            logger.debug("A socket takes no more: %r", error)
            self.closed = True
            return
        self._writer = asyncio.get_running_loop().create_task(self._write(_resumed(sending, pending)))

    async def _write(self, sending: Awaitable[None]) -> None:
        try:
            await sending
            while self._waiting:
                await self._send(self._waiting.popleft())
        except Exception as error:
            logger.debug("A socket takes no more: %r", error)
            self.closed = True
        finally:
            self._writer = None

    def _give_up(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
            self._abandon()


@coroutine
def _resumed(sending: Coroutine[Any, Any, None], pending: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that has already yielded `pending`, for a task to run."""
    while True:
        try:
            yield pending
        except BaseException as error:
            resume: Callable[[Any], Any] = sending.throw
            value: BaseException | None = error
        else:
            resume, value = sending.send, None
        try:
            pending = resume(value)
        except StopIteration:
            return


def _shortened(reason: str) -> str:
    return reason.encode()[:MAX_REASON].decode(errors="ignore")
