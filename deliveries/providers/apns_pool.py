"""aioapns's pool: connections to one host that share a provider token, and no hidden retries."""

import asyncio
from functools import partial
from typing import Any

from aioapns.common import NotificationRequest, NotificationResult
from aioapns.connection import APNsBaseClientProtocol, APNsKeyConnectionPool, AuthorizationHeaderProvider
from aioapns.exceptions import ConnectionError

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
            super().close()

    async def _acquired(self, deadline: float) -> APNsBaseClientProtocol:
        try:
            async with asyncio.timeout_at(deadline):
                return await self.acquire()
        except TimeoutError as error:
            raise Unsent("TimeoutError") from error
        except ConnectionError as error:
            # what went wrong, aioapns only logs
            raise Unsent(type(error.__context__ or error).__name__) from error

    def discard_connection(self, connection: APNsBaseClientProtocol) -> None:
        """Also one that was lost before anybody used it."""
        if connection in self.connections:
            super().discard_connection(connection)
