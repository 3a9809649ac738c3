"""Standard Webhooks: what proves to a receiver who has written, and tells it what comes again."""

from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook as Signer


def signature(key: str, at: datetime, body: bytes, signers: Iterable[Signer]) -> dict[str, str]:
    """The headers. `key` is the same for every attempt; while a secret is being replaced there are two signers."""
    return {
        "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signer.sign(key, at, body.decode()) for signer in signers),
    }
