"""WebSocket clients that cost next to nothing: what they are sent is counted in bytes and not decoded."""

import asyncio
import base64
import json
import os
import struct
from typing import cast
from urllib.parse import urlsplit


class RawSocket(asyncio.Protocol):
    """Shakes hands, sends one hello, waits for its answer; from then on it counts."""

    def __init__(self, request: bytes, hello: bytes) -> None:
        self.received = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request, self._hello = request, hello
        self._buffer = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self.ready.done():
            self.received += len(data)
            return
        self._buffer += data
        if not self._open and b"\r\n\r\n" in self._buffer:
            self._open = True
            self._buffer = self._buffer.partition(b"\r\n\r\n")[2]
            self.transport.write(self._hello)
        if self._open and b'"type":"ready"' in self._buffer:
            self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"closed: {self._buffer[-200:]!r}"))


async def connect_all(url: str, tokens: list[str], at_once: int = 50) -> list[RawSocket]:
    """A ready socket for each token."""
    gate = asyncio.Semaphore(at_once)

    async def one(token: str) -> RawSocket:
        async with gate:
            return await _connect(url, token)

    return list(await asyncio.gather(*(one(token) for token in tokens)))


async def _connect(url: str, token: str) -> RawSocket:
    address = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: hub.v1\r\n\r\n"
    )
    hello = masked(json.dumps({"type": "hello", "client": "bench/1", "token": token}).encode())
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: RawSocket(request.encode(), hello), address.hostname, address.port)
    await asyncio.wait_for(socket.ready, 60)
    return socket


def masked(text: bytes) -> bytes:
    """A client's text frame, with a mask of zeros."""
    size = struct.pack("!BB", 0x81, 0x80 | len(text)) if len(text) < 126 else struct.pack("!BBH", 0x81, 0xFE, len(text))
    return size + bytes(4) + text


def frame_size(text: bytes) -> int:
    """Bytes of a server's text frame on the wire."""
    return len(text) + (2 if len(text) < 126 else 4)
