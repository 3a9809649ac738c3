"""An account's messages a second, over all processes: a bucket in Redis, of which a process takes a sip at a time."""

import asyncio
import time
from math import ceil

from deliveries.providers.errors import Deferred
from hub.limits import Limit, take

# of a second: what a process takes at once, so that a thousand messages a second aren't a thousand calls of Redis
SIP = 0.05
# of a second: what a bucket holds
BURST = 0.1
# seconds after which what was taken and not used is gone
STALE = 1.0


class Tokens:
    """The tokens of one account in this process. On the loop only. First come, first served."""

    def __init__(self, name: str, rate: float, largest: int) -> None:
        self.rate, self.largest = rate, largest
        self._name = f"provider:{name}"
        self._limit = Limit(rate, max(ceil(rate * BURST), largest))
        self._queue = asyncio.Lock()
        self._held, self._taken_at = 0, 0.0

    async def take(self, count: int, latest: float) -> None:
        """Wait for `count` tokens, at most `largest`. Raises Deferred when there are none before `latest` (monotonic)."""
        async with self._queue:
            while self._left() < count:
                sip = max(count, ceil(self.rate * SIP))
                verdict = await asyncio.to_thread(take, self._name, self._limit, cost=sip)
                present = time.monotonic()
                if verdict.allowed:
                    self._held, self._taken_at = self._left() + sip, present
                elif present + verdict.retry_after > latest:
                    raise Deferred("rate", "as many as it takes a second are sent", retry_after=verdict.retry_after)
                else:
                    await asyncio.sleep(verdict.retry_after)
            self._held -= count

    def _left(self) -> int:
        return self._held if time.monotonic() < self._taken_at + STALE else 0
