"""How often somebody may do something: a bucket that all processes share in Redis, or one a process while Redis is away.

A bucket is one instant: when it would be full again if nobody came any more (GCRA). Nothing has to refill it.
"""

import time
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import cast

from redis.commands.core import Script
from redis.exceptions import RedisError

from hub.breaker import redis_breaker
from hub.presence import redis_client

MAX_LOCAL = 10_000
_MICROSECOND = 1e-6


@dataclass(frozen=True, slots=True)
class Limit:
    """`rate` a second for good, and up to `burst` at once."""

    rate: float
    burst: int

    @property
    def window(self) -> float:
        """Seconds in which an empty bucket is full again."""
        return self.burst / self.rate


@dataclass(frozen=True, slots=True)
class Verdict:
    """`remaining`: how many more are let through now; `full_in`, `retry_after`: seconds, the latter 0 when it is allowed."""

    allowed: bool
    remaining: int
    full_in: float
    retry_after: float


def take(name: str, limit: Limit, *, cost: int = 1) -> Verdict:
    """Take `cost` from the bucket `name`, or nothing when there is less. One round trip to Redis; never raises."""
    if not redis_breaker.is_open:
        try:
            return _take_shared(name, limit, cost)
        except RedisError as error:
            redis_breaker.failed(error)
    return _own.take(name, limit, cost)


class Buckets:
    """The buckets of this process alone: each process then lets through what all together should."""

    def __init__(self, most: int = MAX_LOCAL) -> None:
        self._most = most
        self._full_at: dict[str, float] = {}
        self._lock = Lock()

    def take(self, name: str, limit: Limit, cost: int) -> Verdict:
        """As `take` of the module."""
        with self._lock:
            present = time.monotonic()
            debt = max(self._full_at.get(name, 0.0) - present, 0.0)
            wait = debt + cost / limit.rate - limit.window
            if wait > 0:
                return _verdict(limit, debt, wait)
            if name not in self._full_at and len(self._full_at) >= self._most:
                self._forget(present)
            debt += cost / limit.rate
            self._full_at[name] = present + debt
            return _verdict(limit, debt, 0.0)

    def _forget(self, present: float) -> None:
        """Full buckets are as good as none; if all are in use, the first half starts anew."""
        in_use = [(name, at) for name, at in self._full_at.items() if at > present]
        self._full_at = dict(in_use if len(in_use) < self._most else in_use[self._most // 2 :])


_own = Buckets()

# By Redis's clock, in microseconds. A debt beyond the window can only come from a clock that went back.
_TAKE = """
local time, window, price = redis.call('TIME'), tonumber(ARGV[1]), tonumber(ARGV[2])
local now = time[1] * 1000000 + time[2]
local debt = math.min(math.max((tonumber(redis.call('GET', KEYS[1])) or 0) - now, 0), window)
local wait = debt + price - window
if wait > 0 then return {debt, math.ceil(wait)} end
debt = debt + price
redis.call('SET', KEYS[1], string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
return {debt, 0}
"""


def _take_shared(name: str, limit: Limit, cost: int) -> Verdict:
    window, price = limit.window / _MICROSECOND, cost / limit.rate / _MICROSECOND
    debt, wait = cast("list[int]", _script()(keys=[f"hub:limit:{name}"], args=[window, price]))
    return _verdict(limit, debt * _MICROSECOND, wait * _MICROSECOND)


@lru_cache(maxsize=1)
def _script() -> Script:
    return redis_client().register_script(_TAKE)


def _verdict(limit: Limit, debt: float, wait: float) -> Verdict:
    # a microsecond more, or rounding would make 59 of 60 left out of 59.9999
    remaining = int((limit.window - debt + _MICROSECOND) * limit.rate)
    return Verdict(wait == 0, max(remaining, 0), debt, wait)
