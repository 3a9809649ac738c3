"""What an address is recognised by without being kept: a digest of its one spelling, of no use to another tenant."""

import hashlib
from collections.abc import Callable, Iterable
from uuid import UUID

from hub.audience.addresses import normal_email, normal_phone

# a tenant, and an address in its one spelling
Place = tuple[UUID, str]
NORMAL: dict[str, Callable[..., str]] = {"email": normal_email, "sms": normal_phone}


def digest_of(tenant_id: UUID, channel: str, address: str) -> str:
    """SHA-256, in hex. Case does not tell two mail addresses apart: whoever complained as `Al@` is not written to as `al@`."""
    return hashlib.sha256(f"{tenant_id}:{channel}:{address.lower()}".encode()).hexdigest()


def by_digest(channel: str, places: Iterable[Place]) -> dict[str, Place]:
    """The places by what they are recognised by."""
    return {digest_of(tenant_id, channel, address): (tenant_id, address) for tenant_id, address in places}
