"""The way out of one connection: each frame straight into the server's `send`, a small queue only when that stalls."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any

import orjson

from consumers.frames import Close

logger = logging.getLogger(__name__)

Event = dict[str, Any]
Send = Callable[[Event], Coroutine[Any, Any, None]]

# seconds that a peer has to make room for the close frame
LINGER = 5.0
MAX_REASON = 123


class Outbox(ABC):
    """Keeps the order of frames. At most `limit` wait for a peer that doesn't read; one more closes with 4001.

    A peer that makes no room for the end either is hung up on. `epoch` is that of the stream whose frames these are.
    """

    __slots__ = ("_limit", "_send", "_task", "_waiting", "_writer", "closed", "epoch")

    def __init__(self, send: Send, *, limit: int) -> None:
        self.epoch = ""
        self._send = send
        self._limit = limit
        self._task = asyncio.current_task()
        self._waiting: deque[Event] = deque()
        self._writer: asyncio.Task[None] | None = None
        self.closed = False

    @abstractmethod
    def _frame(self, text: str, seq: int | None) -> Event:
        """The event that sends a frame."""

    @abstractmethod
    def _end(self, code: int, reason: str) -> Event:
        """The event that ends the connection."""

    def push(self, text: str, seq: int | None = None) -> None:
        """Send a frame, now or as soon as the peer reads. Does nothing once closed. `seq`: where its client is after it."""
        if self.closed:
            return
        if len(self._waiting) >= self._limit:
            self.close(Close.SLOW_CONSUMER, "too slow", drop=True)
        else:
            self._put(self._frame(text, seq))

    def close(self, code: int, reason: str = "", *, drop: bool = False) -> None:
        """Close after what is waiting, or (`drop`) instead of it."""
        if self.closed:
            return
        self.closed = True
        if drop:
            self._waiting.clear()
        self._put(self._end(int(code), _shortened(reason)))
        if self._writer is not None:
            asyncio.get_running_loop().call_later(LINGER, self._give_up)

    def stop(self) -> None:
        """The connection is gone: forget what waits."""
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
            logger.debug("A connection takes no more: %r", error)
            self.closed = True
            return
        self._writer = asyncio.get_running_loop().create_task(self._write(_resumed(sending, pending)))

    async def _write(self, sending: Awaitable[None]) -> None:
        try:
            await sending
            while self._waiting:
                await self._send(self._waiting.popleft())
        except Exception as error:
            logger.debug("A connection takes no more: %r", error)
            self.closed = True
        finally:
            self._writer = None

    def _give_up(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
            self._hang_up()

    def _hang_up(self) -> None:
        """The peer doesn't even read that it was closed. Uvicorn would wait for it for as long as it lives."""
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()
        elif self._task is not None:
            self._task.cancel()


class SocketOutbox(Outbox):
    """Frames as text frames of a WebSocket."""

    __slots__ = ()

    async def accept(self, subprotocol: str | None) -> None:
        """Accept the socket."""
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})

    def _frame(self, text: str, seq: int | None) -> Event:
        return {"type": "websocket.send", "text": text}

    def _end(self, code: int, reason: str) -> Event:
        return {"type": "websocket.close", "code": code, "reason": reason}


class StreamOutbox(Outbox):
    """Frames as server-sent events: `id` is the cursor after the frame, `data` its JSON."""

    __slots__ = ()

    async def begin(self, status: int, headers: list[tuple[bytes, bytes]], retry_ms: int) -> None:
        """Begin the answer. `retry_ms`: how long the client waits before it comes back."""
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send(_chunk(f"retry: {retry_ms}\n\n"))

    def beat(self) -> None:
        """A comment: the connection lives."""
        if not (self.closed or self._waiting):
            self._put(_chunk(":\n\n"))

    def _frame(self, text: str, seq: int | None) -> Event:
        # raw line breaks in JSON are white space between tokens, but end a line of the stream
        data = text.replace("\r", " ").replace("\n", " ")
        return _chunk(f"data: {data}\n\n" if seq is None else f"id: {self.epoch}:{seq}\ndata: {data}\n\n")

    def _end(self, code: int, reason: str) -> Event:
        data = orjson.dumps({"code": code, "reason": reason}).decode()
        return _chunk(f"event: close\ndata: {data}\n\n", more=False)


def _chunk(text: str, *, more: bool = True) -> Event:
    return {"type": "http.response.body", "body": text.encode(), "more_body": more}


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
