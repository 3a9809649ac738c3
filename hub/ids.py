"""Identifiers: UUIDv7, so that ids sort by the time at which they were made."""

import os
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_TAIL = 74  # random bits after the milliseconds
_STEP = 7  # random bytes by which the next id of the same millisecond is greater
_BOUGHT = 640  # random bytes that are asked for at once: each call of the system lets another thread run
# An id carries the time of the process that made it, a row that of the database: they may differ by this.
SKEW = timedelta(minutes=5)
# every id was made between them, but callers may ask for any instant
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

_lock = threading.Lock()
_last = 0
_random = b""


def _bytes(count: int) -> int:
    """So many random bytes, as a number; for who holds the lock."""
    global _random
    if len(_random) < count:
        _random = os.urandom(_BOUGHT)
    taken, _random = _random[:count], _random[count:]
    return int.from_bytes(taken, "big")


def _forget() -> None:
    """Of what its parent has bought a new process must use nothing."""
    global _random, _lock
    _random, _lock = b"", threading.Lock()


os.register_at_fork(after_in_child=_forget)


def uuid7() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of unix milliseconds, then 74 random bits.

    Each is greater than the one before it in this process, whatever its threads and the machine's clock do: within a
    millisecond, or when the clock was put back, the last one is increased by a random step (§6.2, method 2).
    """
    global _last
    with _lock:
        tail = _bytes(10) >> 6
        fresh = time.time_ns() // 1_000_000 << _TAIL | tail
        ahead = fresh >> _TAIL > _last >> _TAIL
        _last = value = fresh if ahead else _last + 1 + _bytes(_STEP)
    rand_a, rand_b = value >> 62 & 0xFFF, value & ((1 << 62) - 1)
    return uuid.UUID(int=value >> _TAIL << 80 | _VERSION | rand_a << 64 | _VARIANT | rand_b)


def first_id(instant: datetime, skew: timedelta = timedelta(0)) -> uuid.UUID:
    """The smallest UUIDv7 of the millisecond of `instant + skew`: ids made since are greater. Any instant will do."""
    since = min(max(instant, _EARLIEST), _LATEST) + skew
    return uuid.UUID(int=int(since.timestamp() * 1000) << 80 | _VERSION | _VARIANT)


def time_of(key: uuid.UUID) -> datetime:
    """When a UUIDv7 was made, by the clock of the process that made it."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)


def parse_uuid(value: object) -> uuid.UUID | None:
    """The UUID that `value` spells, or None: a malformed id is an id that names nothing."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None
