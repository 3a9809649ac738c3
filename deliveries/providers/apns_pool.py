"""aioapns's pool: connections to one host that share a provider token, and no hidden retries."""

import asyncio
from functools import partial
from typing import Any

from aioapns.common import NotificationRequest, NotificationResult
from aioapns.connection import APNsBaseClientProtocol, APNsKeyConnectionPool, AuthorizationHeaderProvider
from aioapns.exceptions import ConnectionClosed

from deliveries.providers.apns_protocol import Protocol, Unsent
from hub.conf import conf


class ConnectionPool(APNsKeyConnectionPool):
    """Connections to one host that share one provider token."""

    def __init__(self, *, host: str, port: int, token: AuthorizationHeaderProvider, **options: Any) -> None:
        super().__init__(max_connection_attempts=1, **options)
        self._token = token
        self._under_way = 0
        self._closed = False
        self.protocol_class = type("ProtocolTo", (Protocol,), {"APNS_SERVER": host, "APNS_PORT": port})
        self._opening: asyncio.Task[None] | None = None

    async def acquire(self) -> APNsBaseClientProtocol:
        """A connection with a free stream. All that wait for one to be made go on together: behind aioapns's lock they would
        go on one a turn of the loop, and the last of hundreds after seconds. Raises what connecting raises."""
        while True:
            ours = [one for one in self.connections if isinstance(one, Protocol) and not one.retired]
            free = next((connection for connection in ours if not connection.is_busy), None)
            if free is not None or len(ours) >= self.max_connections:
                return free or min(ours, key=lambda connection: len(connection.requests))
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
                self._opening.add_done_callback(self._opened)
            await asyncio.shield(self._opening)

    async def create_connection(self) -> APNsBaseClientProtocol:
        protocol: Any = self.protocol_class
        made: Any = await self._create_connection(
            partial(protocol, self.apns_topic, self.loop, self.discard_connection, self._token)
        )
        try:
            await made.ready.wait()
        except asyncio.CancelledError:
            made.close()
            raise
        if made.retired:
            raise Unsent("closed")
        return made  # type: ignore[no-any-return]

    async def send_notification(self, request: NotificationRequest) -> NotificationResult:
        """Once, within `provider_timeout`: what it comes to is for the delivery to judge.

        Raises Unsent, or StreamLost, ConnectionClosed and TimeoutError where the message may have arrived.
        """
        deadline = self.loop.time() + conf.provider_timeout
        self._under_way += 1
        try:
            connection = await self._acquired(deadline)
            async with asyncio.timeout_at(deadline):
                return await connection.send_notification(request)
        finally:
            self._under_way -= 1
            self._end()

    def close(self) -> None:
        """Once the last request has been answered."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        if self._closed and not self._under_way:
            if self._opening is not None:
                self._opening.cancel()
            super().close()

    async def _acquired(self, deadline: float) -> APNsBaseClientProtocol:
        try:
            async with asyncio.timeout_at(deadline):
                return await self.acquire()
        except (OSError, ConnectionClosed) as error:
            raise Unsent(type(error).__name__) from error

    async def _open(self) -> None:
        async with asyncio.timeout(conf.provider_timeout):
            self.connections.append(await self.create_connection())

    def _opened(self, done: "asyncio.Task[None]") -> None:
        self._opening = None
        if not done.cancelled():
            # looked at, as nobody may be waiting any more
            done.exception()

    def discard_connection(self, connection: APNsBaseClientProtocol) -> None:
        """Also one that was lost before anybody used it."""
        if connection in self.connections:
            super().discard_connection(connection)
