"""Who has a socket here, kept in Redis under a lease. A hint: a socket waits a bounded moment for it, and lives without."""

import asyncio
import contextlib
import logging
import time
import uuid
from uuid import UUID

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hub.conf import conf
from hub.presence import EDGES, members_key

logger = logging.getLogger(__name__)

# seconds that one exchange with Redis may take
TIMEOUT = 0.5
# members in one SADD
CHUNK = 1000


class Presence:
    """The lease of one edge (a process and event loop) and the subscribers present there."""

    def __init__(self) -> None:
        self.edge_id = uuid.uuid4().hex
        self._members: set[UUID] = set()
        self._changed: set[UUID] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        # set once what was noted before it has been told, or could not be
        self._next = asyncio.Event()
        self._telling = asyncio.Event()
        self._telling.set()

    async def enter(self, subscriber_id: UUID) -> None:
        """The subscriber has a socket here. Returns once Redis knows, or for `TIMEOUT` doesn't.

        Whoever reads the record after this misses nothing: what is committed later finds the subscriber present.
        """
        if subscriber_id not in self._members:
            self._members.add(subscriber_id)
            self._note(subscriber_id)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep())
        told = self._next if subscriber_id in self._changed else self._telling
        if not self._failing:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), TIMEOUT)

    def leave(self, subscriber_id: UUID) -> None:
        """The subscriber's last socket here is gone."""
        self._members.discard(subscriber_id)
        self._note(subscriber_id)

    def _note(self, subscriber_id: UUID) -> None:
        self._changed.add(subscriber_id)
        self._wake.set()

    async def _keep(self) -> None:
        """Tell Redis at every change, and refresh the lease, for as long as anybody is here."""
        client = aioredis.Redis.from_url(
            conf.redis_url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 1),
        )
        try:
            while self._members or self._changed:
                done = await self._try(client)
                await self._pause(conf.presence_refresh if done else 1.0)
        finally:
            await client.aclose()

    async def _pause(self, seconds: float) -> None:
        if not self._members:
            return
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _try(self, client: aioredis.Redis) -> bool:
        self._wake.clear()
        changed, self._changed = self._changed, set()
        self._telling, self._next = self._next, asyncio.Event()
        try:
            async with asyncio.timeout(2 * TIMEOUT):
                await self._tell(client, changed)
        except (RedisError, OSError, TimeoutError) as error:
            if not self._failing:
                logger.warning("Presence is not told: %r", error)
            self._failing = True
            # once nobody is here any more, the lease ends by itself
            self._changed = self._changed | changed if self._members else set()
            return False
        finally:
            self._telling.set()
        self._failing = False
        return True

    async def _tell(self, client: aioredis.Redis, changed: set[UUID]) -> None:
        key, lease = members_key(self.edge_id), conf.presence_lease
        known = await client.exists(key)
        joined = changed & self._members if known else self._members
        async with client.pipeline(transaction=False) as pipeline:
            for names in _chunks(joined):
                pipeline.sadd(key, *names)
            for names in _chunks(changed - self._members):
                pipeline.srem(key, *names)
            if self._members:
                pipeline.zadd(EDGES, {self.edge_id: time.time() + lease})
                # what a killed process leaves behind goes by itself
                pipeline.expire(key, int(4 * lease) + 1)
            else:
                pipeline.zrem(EDGES, self.edge_id)
            pipeline.zremrangebyscore(EDGES, "-inf", time.time() - 4 * lease)
            await pipeline.execute()


def _chunks(members: set[UUID]) -> list[list[str]]:
    names = [member.hex for member in members]
    return [names[start : start + CHUNK] for start in range(0, len(names), CHUNK)]
