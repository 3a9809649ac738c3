"""aioapns's HTTP/2 protocol, made safe: what it does with a stream that fails, a server that is slow to take,
an answer that comes in pieces or not at all.

What is lost is told apart: `Unsent`, so nobody has it, or any other error, so Apple may.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aioapns.common import NotificationRequest, NotificationResult
from aioapns.connection import (
    APNsTLSClientProtocol,
    ChannelPool,
)
from aioapns.exceptions import ConnectionClosed
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import NoAvailableStreamIDError, ProtocolError

from deliveries.providers.answers import object_in

MAX_ANSWER = 16 * 1024  # bytes


class Unsent(ConnectionClosed):
    """Nobody has it."""


class StreamLost(Exception):
    """Apple ended this one stream without an answer."""


class Result(NotificationResult):
    """An answer, with what its header said of the next try."""

    __slots__ = ("retry_after",)

    def __init__(self, notification_id: str, status: str, reason: str, timestamp: int | None, retry_after: str) -> None:
        super().__init__(notification_id, status, reason, timestamp)
        self.retry_after = retry_after


@dataclass(slots=True)
class _Answer:
    """What has come of one stream so far."""

    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class _Channels(ChannelPool):
    def destroy(self, exc: Exception) -> None:
        """Who still waits for a stream has sent nothing."""
        super().destroy(Unsent(str(exc)))


class Protocol(APNsTLSClientProtocol):
    """One connection. Requests share it, and none can hurt another."""

    # Apple takes frequent reconnecting for an attack
    INACTIVITY_TIME = 600

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.free_channels = _Channels(1000)
        # set once Apple has said how many streams there may be
        self.ready = asyncio.Event()
        self.retired = False
        self._answers: defaultdict[int, _Answer] = defaultdict(_Answer)
        self._room = asyncio.Event()
        self._heard = 0.0

    @property
    def is_busy(self) -> bool:
        """It takes no more requests now."""
        return self.retired or super().is_busy

    async def send_notification(self, request: NotificationRequest) -> NotificationResult:
        """Apple's answer. Raises Unsent, or StreamLost and ConnectionClosed where the message may have arrived."""
        # h2 refuses a message for which Apple has no room, and by then half of it is said
        await self._wait_for_room(len(json.dumps(request.message, ensure_ascii=False).encode()))
        begun = self.loop.time()
        try:
            return await super().send_notification(request)
        except (ProtocolError, NoAvailableStreamIDError) as error:
            # h2 refused to put it on the wire, so whatever it was, this connection has come to its end
            self.retire()
            raise Unsent(type(error).__name__) from error
        except asyncio.CancelledError:
            self._give_up(request, begun)
            raise

    def retire(self) -> None:
        """No further requests; the end, once those under way have been answered."""
        self.retired = True
        self._room.set()
        if not self.requests:
            self.close()

    def close(self) -> None:
        self.retired = True
        super().close()

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        try:
            for event in self.conn.receive_data(data):
                self._happened(event)
        except ProtocolError:
            self.flush()
            self.close()
        self.flush()

    def flush(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            super().flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.retired = True
        self._room.set()
        self.ready.set()
        # whoever gave up waiting has no use for an error
        self.requests = {name: waiting for name, waiting in self.requests.items() if not waiting.done()}
        super().connection_lost(exc)

    def _happened(self, event: Event) -> None:
        match event:
            case ResponseReceived():
                self._answers[event.stream_id].headers = dict(event.headers)
            case DataReceived():
                self._take(event)
            case StreamEnded():
                self._finish(event.stream_id)
            case StreamReset():
                refused = event.error_code == ErrorCodes.REFUSED_STREAM
                self._fail(event.stream_id, Unsent("refused") if refused else StreamLost(str(event.error_code)))
            case RemoteSettingsChanged():
                self.on_remote_settings_changed(event.changed_settings)  # type: ignore[arg-type]  # h2 says int
                self.ready.set()
                self._room.set()
            case WindowUpdated():
                self._room.set()
            case ConnectionTerminated():
                self._go_away(event.last_stream_id or 0)

    def _take(self, event: DataReceived) -> None:
        """What isn't acknowledged is missing from the room that Apple has for all answers of this connection."""
        self.conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        body = self._answers[event.stream_id].body
        body += event.data[: MAX_ANSWER - len(body)]

    def _finish(self, stream_id: int) -> None:
        answer = self._answers.pop(stream_id, None) or _Answer()
        said = object_in(bytes(answer.body))
        name = self.request_streams.get(stream_id, "")
        result = Result(
            answer.headers.get(b"apns-id", b"").decode() or name,
            answer.headers.get(b":status", b"").decode(),
            str(said.get("reason", "")),
            said.get("timestamp"),
            answer.headers.get(b"retry-after", b"").decode(),
        )
        if waiting := self._let_go(stream_id):
            waiting.set_result(result)

    def _fail(self, stream_id: int, error: Exception) -> None:
        if waiting := self._let_go(stream_id):
            waiting.set_exception(error)

    def _let_go(self, stream_id: int) -> "asyncio.Future[NotificationResult] | None":
        """Who waits for this stream, if anybody still does; its place is free again."""
        self._answers.pop(stream_id, None)
        if stream_id not in self.request_streams:
            return None
        self.on_stream_ended(stream_id)
        waiting = self.requests.pop(self.request_streams.pop(stream_id), None)
        if self.retired and not self.requests:
            self.close()
        return None if waiting is None or waiting.done() else waiting

    def _give_up(self, request: NotificationRequest, begun: float) -> None:
        """Nobody waits any more. A connection on which nothing was heard since is taken for dead."""
        mine = [stream for stream, name in self.request_streams.items() if name == request.notification_id]
        for stream_id in mine:
            self._let_go(stream_id)
            with suppress(ProtocolError):
                self.conn.reset_stream(stream_id, ErrorCodes.CANCEL)
        self.flush()
        if self._heard < begun:
            self.retire()

    def _go_away(self, last: int) -> None:
        """Apple did not look at what came after `last`. h2 reads nothing more, so the rest may or may not have arrived."""
        for stream_id in [stream for stream in self.request_streams if stream > last]:
            self._fail(stream_id, Unsent("goaway"))
        self.close()

    async def _wait_for_room(self, size: int) -> None:
        while not self.retired and self._window < size:
            self._room.clear()
            await self._room.wait()
        if self.retired:
            raise Unsent("closed")

    @property
    def _window(self) -> int:
        """Bytes that Apple takes now, on a new stream."""
        return min(self.conn.outbound_flow_control_window, self.conn.remote_settings.initial_window_size)
