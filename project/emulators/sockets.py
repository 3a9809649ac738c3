"""A connection that can be answered late and cut hard, and that leaves nothing behind when its server ends."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any

CUT = struct.pack("ii", 1, 0)  # lingers for no time: closing sends RST, not FIN


class Connection(asyncio.Protocol):
    """`connections` holds the open ones."""

    def __init__(self, connections: set["Connection"]) -> None:
        self._connections = connections
        self._timers: set[asyncio.TimerHandle] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's own signature is wider than what it does
        self.transport = transport
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        for timer in self._timers:
            timer.cancel()

    @property
    def closing(self) -> bool:
        return self.transport.is_closing()

    def write(self, data: bytes) -> None:
        if not self.closing:
            self.transport.write(data)

    def later(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        """Call it after `seconds`, unless the connection is gone by then."""

        def fire() -> None:
            self._timers.discard(timer)
            call(*arguments)

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)

    def reset(self) -> None:
        """End the connection as a crashed server would."""
        plain = self.transport.get_extra_info("socket")
        if plain is not None:  # TLS has let go of it already
            with contextlib.suppress(OSError):  # it is closed already
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CUT)
        self.transport.abort()


class NotTls(Connection):
    """Takes the first bytes of a handshake for nonsense, and says so in nonsense."""

    def data_received(self, data: bytes) -> None:
        self.write(b"this is no TLS\r\n")
        self.transport.close()
