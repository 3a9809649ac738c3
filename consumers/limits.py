"""How fast a client may talk, and the errors of an edge that has no room."""

from time import monotonic

from hub.exceptions import HubError


class TooManyConnections(HubError):
    """This subscriber, or this address, has as many connections to this process as it may have."""

    code = "too_many_connections"
    status = 429


class Unavailable(HubError):
    """Not possible at this moment, but soon."""

    code = "unavailable"
    status = 503


class Allowance:
    """A token bucket: `rate` frames a second on average, `burst` at once."""

    __slots__ = ("_burst", "_left", "_rate", "_seen")

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._left = float(burst)
        self._seen = monotonic()

    def take(self) -> bool:
        """Take one; False when none is left."""
        now = monotonic()
        self._left = min(self._burst, self._left + (now - self._seen) * self._rate)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
