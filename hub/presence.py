"""Who has a socket open right now, as the live edges say in Redis. A hint: the record never depends on it."""

import time
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import cast
from uuid import UUID

import redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.retry import Retry

from hub.breaker import redis_breaker
from hub.conf import conf

# ZSET: edge id → unix time at which its lease ends
EDGES = "hub:edges"


def members_key(edge_id: str) -> str:
    """The SET of the subscribers (uuid hex) that an edge holds sockets of."""
    return f"hub:present:{edge_id}"


@lru_cache(maxsize=1)
def redis_client() -> redis.Redis:
    """The process's synchronous client: fails within half a second rather than holding a request."""
    return redis.Redis.from_url(
        conf.redis_url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
    )


def connected(subscriber_ids: Collection[UUID]) -> set[UUID] | None:
    """Those of `subscriber_ids` who have a socket open somewhere; None when Redis can't say."""
    if not subscriber_ids or redis_breaker.is_open:
        return None if subscriber_ids else set()
    try:
        return _connected(list(subscriber_ids))
    except RedisError as error:
        redis_breaker.failed(error)
        return None


def all_connected(limit: int = 100_000) -> set[UUID]:
    """Everybody who has a socket open, up to `limit`; empty when Redis can't say."""
    if redis_breaker.is_open:
        return set()
    try:
        members = [
            member.decode()
            for edge in _live_edges()
            for member in cast("Iterator[bytes]", redis_client().sscan_iter(members_key(edge), count=1000))
        ]
    except RedisError as error:
        redis_breaker.failed(error)
        return set()
    return {UUID(member) for member in members[:limit]}


def _live_edges() -> list[str]:
    edges = cast("list[bytes]", redis_client().zrangebyscore(EDGES, time.time(), "+inf"))
    return [edge.decode() for edge in edges]


# One round trip: the edges that are alive, then each one's members.
_HERE = """
local here = {}
for _, edge in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')) do
    for number, found in ipairs(redis.call('SMISMEMBER', ARGV[2] .. edge, unpack(ARGV, 3))) do
        if found == 1 then here[#here + 1] = number end
    end
end
return here
"""


def _connected(subscriber_ids: list[UUID]) -> set[UUID]:
    members = [subscriber_id.hex for subscriber_id in subscriber_ids]
    here = cast("list[int]", _script()(keys=[EDGES], args=[time.time(), members_key(""), *members]))
    return {subscriber_ids[number - 1] for number in here}


@lru_cache(maxsize=1)
def _script() -> Script:
    return redis_client().register_script(_HERE)
