"""HTTP/2 over TLS, with flow control as strict as the real one: what the client doesn't make room for is not sent."""

import asyncio
import ssl
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from project.emulators.base import Emulator
from project.emulators.request import Request
from project.emulators.script import GO_AWAY, REFUSE_STREAM, RESET_AFTER, RESET_STREAM, Deed, Reply
from project.emulators.sockets import Connection

STREAMS = 1_000  # at once on one connection


@dataclass
class Stream:
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    unsent: bytearray = field(default_factory=bytearray)
    part: int = 0  # bytes a frame, where the answer is to go out in pieces


class Http2(Connection):
    """One client's connection; its streams are independent."""

    def __init__(self, emulator: Emulator, connections: set[Connection]) -> None:
        super().__init__(connections)
        self._emulator = emulator
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._h2.local_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = STREAMS
        # so that the first frame says so, rather than 100
        self._h2.local_settings.acknowledge()
        self._streams: dict[int, Stream] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            for event in self._h2.receive_data(data):
                self._happened(event)
        except ProtocolError:
            self._flush()
            self.transport.close()
        self._flush()

    def _happened(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._opened(event)
            case DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if stream := self._streams.get(event.stream_id):
                    stream.body += event.data
            case StreamEnded():
                self._complete(event.stream_id)
            case StreamReset():
                self._streams.pop(event.stream_id, None)
            case WindowUpdated() | RemoteSettingsChanged():
                for stream_id in [stream_id for stream_id, stream in self._streams.items() if stream.unsent]:
                    self._send(stream_id)

    def _opened(self, event: RequestReceived) -> None:
        self._streams[event.stream_id] = Stream({str(name): str(value) for name, value in event.headers})
        if self._emulator.script.cuts_off():
            self.reset()

    def _complete(self, stream_id: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is None or self.closing:
            return
        request = Request(stream.headers[":method"], stream.headers[":path"], stream.headers, bytes(stream.body))
        outcome = self._emulator.handle(request)
        if isinstance(outcome, Deed):
            self._misbehave(outcome, stream_id)
        elif outcome.delay:
            self.later(outcome.delay, self._answer, stream_id, outcome)
        else:
            self._answer(stream_id, outcome)

    def _misbehave(self, deed: Deed, stream_id: int) -> None:
        if deed in (RESET_STREAM, REFUSE_STREAM):
            refused = deed is REFUSE_STREAM
            self._h2.reset_stream(stream_id, ErrorCodes.REFUSED_STREAM if refused else ErrorCodes.INTERNAL_ERROR)
            self._streams.pop(stream_id)
        elif deed is GO_AWAY:
            reason = b'{"reason":"Shutdown"}'
            self._h2.close_connection(ErrorCodes.NO_ERROR, additional_data=reason, last_stream_id=max(0, stream_id - 2))
            self._flush()
            self.transport.close()
        elif deed is RESET_AFTER:
            self.reset()

    def _answer(self, stream_id: int, reply: Reply) -> None:
        stream = self._streams.get(stream_id)
        if stream is None:  # the client has given it up
            return
        headers = [(":status", str(reply.status)), *reply.headers.items()]
        self._h2.send_headers(stream_id, headers, end_stream=not reply.body)
        if reply.body:
            stream.unsent += reply.body
            stream.part = -(-len(reply.body) // reply.parts)
            self._send(stream_id)
        else:
            self._streams.pop(stream_id)
        self._flush()

    def _send(self, stream_id: int) -> None:
        """As much of the answer as the client has room for."""
        stream = self._streams[stream_id]
        while stream.unsent:
            window = min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size, stream.part)
            if window <= 0:
                return
            piece = bytes(stream.unsent[:window])
            del stream.unsent[:window]
            self._h2.send_data(stream_id, piece, end_stream=not stream.unsent)
            if stream.part and stream.unsent:
                self._flush()
        self._streams.pop(stream_id)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self.write(data)


async def listen(
    emulator: Emulator, connections: set[Connection], host: str, port: int, tls: ssl.SSLContext
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Http2(emulator, connections), host, port, ssl=tls, backlog=1024)
