"""Identifiers: UUIDv7, so that ids sort by the time at which they were made."""

import os
import time
import uuid

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62


def uuid7() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    rand_a = (random >> 62 & 0xFFF) << 64
    rand_b = random & ((1 << 62) - 1)
    return uuid.UUID(int=milliseconds << 80 | _VERSION | rand_a | _VARIANT | rand_b)


def parse_uuid(value: object) -> uuid.UUID | None:
    """The UUID that `value` spells, or None: a malformed id is an id that names nothing."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None
