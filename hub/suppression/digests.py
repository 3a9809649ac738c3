"""What an address is recognised by without being kept: a digest of its one spelling, of no use to another tenant."""

import hashlib
from collections.abc import Callable
from uuid import UUID

from hub.audience.addresses import normal_email, normal_phone

NORMAL: dict[str, Callable[..., str]] = {"email": normal_email, "sms": normal_phone}


def digest_of(tenant_id: UUID, channel: str, address: str) -> str:
    """SHA-256, in hex. Case does not tell two mail addresses apart: whoever complained as `Al@` is not written to as `al@`."""
    return hashlib.sha256(f"{tenant_id}:{channel}:{address.lower()}".encode()).hexdigest()
