"""One Redis host of the channel layer: publishing, bounded in time, and the one subscribed connection.

The two share neither a connection nor a lock, so that a hung Redis holds up nobody for longer than `publish_timeout`.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import redis.asyncio as aioredis
from channels_redis.utils import create_pool
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from hub.conf import conf

logger = logging.getLogger(__name__)

# seconds between the PINGs on the subscribed connection; a silence of two means that it is dead
HEARTBEAT = 3.0
# seconds before the first and at most before any further attempt to connect
BACKOFF = (0.05, 2.0)
# connections that publish at once
PUBLISHERS = 8
# names in one SUBSCRIBE
CHUNK = 1000

FAILURES = (RedisError, OSError, TimeoutError)


class Shard:
    """Has the interface of channels-redis's `RedisSingleShardConnection`, but never raises for a subscription."""

    def __init__(self, host: dict[str, Any], deliver: Callable[[str, bytes], None]) -> None:
        limits = {"socket_timeout": conf.publish_timeout, "socket_connect_timeout": conf.publish_timeout}
        self._host = limits | host
        self._deliver = deliver
        self._wanted: set[str] = set()
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._confirmed: set[str] = set()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._down = False
        self._delay = BACKOFF[0]
        self._subscriber: asyncio.Task[None] | None = None
        self._publisher: aioredis.Redis | None = None
        self._publishing = asyncio.Semaphore(PUBLISHERS)

    async def publish(self, channel: str, message: bytes) -> None:
        """Raises RedisError, OSError or TimeoutError, within `publish_timeout`."""
        await self.publish_many([(channel, message)])

    async def publish_many(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """One round trip. Raises as `publish` does."""
        if self._publisher is None:
            # once more at once: after a restart of Redis the idle connections are dead
            self._publisher = self._client(Retry(NoBackoff(), 1, (RedisConnectionError,)))
        async with asyncio.timeout(conf.publish_timeout), self._publishing:
            pipeline = self._publisher.pipeline(transaction=False)
            for channel, message in messages:
                pipeline.publish(channel, message)
            await pipeline.execute()

    async def subscribe(self, channel: str) -> None:
        """Returns once Redis has confirmed it; after `publish_timeout`, or while Redis is down, without."""
        self._want(channel)
        if channel in self._confirmed or self._down:
            return
        confirmed = self._waiting.setdefault(channel, asyncio.get_running_loop().create_future())
        await asyncio.wait([confirmed], timeout=conf.publish_timeout)

    async def unsubscribe(self, channel: str) -> None:
        """Takes effect soon. A `subscribe` that follows at once wins."""
        self._wanted.discard(channel)
        self._release(channel)
        self._note(channel)

    async def flush(self) -> None:
        """Forget everything and close the connections."""
        task, self._subscriber = self._subscriber, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self._publisher is not None:
            publisher, self._publisher = self._publisher, None
            await publisher.aclose(close_connection_pool=True)
        self._wanted.clear()
        self._disconnected()

    def _client(self, retry: Retry) -> aioredis.Redis:
        return aioredis.Redis(connection_pool=create_pool(self._host | {"retry": retry}))

    def _want(self, channel: str) -> None:
        self._wanted.add(channel)
        self._note(channel)
        if self._subscriber is None or self._subscriber.done():
            self._subscriber = asyncio.create_task(self._stay_subscribed())

    def _note(self, channel: str) -> None:
        self._changed.add(channel)
        self._wake.set()

    def _disconnected(self) -> None:
        self._confirmed.clear()
        for channel in list(self._waiting):
            self._release(channel)

    def _release(self, channel: str) -> None:
        waiting = self._waiting.pop(channel, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _stay_subscribed(self) -> None:
        while True:
            try:
                await self._serve()
            except Exception as error:
                if not self._down:
                    unexpected = not isinstance(error, FAILURES)
                    logger.warning("The subscribed connection to Redis is lost: %r", error, exc_info=unexpected)
            self._down = True
            self._disconnected()
            await asyncio.sleep(self._delay * random.uniform(0.5, 1.0))  # noqa: S311  jitter
            self._delay = min(self._delay * 2, BACKOFF[1])

    async def _serve(self) -> None:
        """One life of the subscribed connection, until it fails; redis-py's own retries would hide that."""
        client = self._client(Retry(NoBackoff(), 0, ()))
        pubsub = client.pubsub()
        tasks: list[asyncio.Task[None]] = []
        try:
            await pubsub.connect()  # type: ignore[no-untyped-call]
            self._heard = asyncio.get_running_loop().time()
            self._changed = set(self._wanted)
            self._wake.set()
            tasks = [asyncio.create_task(part(pubsub)) for part in (self._write, self._read, self._watch)]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(*FAILURES):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
                await client.aclose(close_connection_pool=True)

    async def _write(self, pubsub: PubSub) -> None:
        """Send what differs between wish and reality; a storm of changes becomes few commands."""
        asked: set[str] = set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, set()
            joins = [name for name in changed if name in self._wanted and name not in asked]
            leaves = [name for name in changed if name not in self._wanted and name in asked]
            asked.update(joins)
            asked.difference_update(leaves)
            for names in _chunks(joins):
                await pubsub.subscribe(*names)
            for names in _chunks(leaves):
                await pubsub.unsubscribe(*names)

    async def _read(self, pubsub: PubSub) -> None:
        """Blocks in one read: a polling loop would cost a timer a message. `_watch` sees to it that it ends."""
        now = asyncio.get_running_loop().time
        while True:
            response = await pubsub.parse_response(block=True)
            self._heard = now()
            if response[0] == b"message":
                self._deliver(response[1].decode(), response[2])
            else:
                self._notice(await pubsub.handle_message(response))  # type: ignore[no-untyped-call]

    def _notice(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            name = message["channel"].decode()
            self._confirmed.add(name)
            self._release(name)
            if self._down:
                logger.info("Redis is back: subscribed again")
            self._down, self._delay = False, BACKOFF[0]
        elif message["type"] == "unsubscribe":
            self._confirmed.discard(message["channel"].decode())

    async def _watch(self, pubsub: PubSub) -> None:
        """A peer that has vanished never closes the connection."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            if asyncio.get_running_loop().time() - self._heard > 2 * HEARTBEAT:
                raise TimeoutError(f"no answer for {2 * HEARTBEAT:g} s")
            await pubsub.ping()


def _chunks(names: list[str]) -> Iterable[list[str]]:
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))
