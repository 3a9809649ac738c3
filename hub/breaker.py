"""A pause after Redis has failed, so that an outage costs one bounded wait now and then, not one a request."""

import logging
import time

logger = logging.getLogger(__name__)


class Breaker:
    """Open for `pause` seconds after a failure; while it is open nobody tries."""

    def __init__(self, name: str, pause: float = 1.0) -> None:
        self.name = name
        self.pause = pause
        self._closed_from = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._closed_from

    def failed(self, error: BaseException) -> None:
        self._closed_from = time.monotonic() + self.pause
        logger.warning("%s: %s: %s; the record heals what was not told", self.name, type(error).__name__, error)


redis_breaker = Breaker("redis")
