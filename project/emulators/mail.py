"""What the email providers' APIs have in common: a MIME message or its parts, as a page would show them."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


def parsed(source: bytes) -> EmailMessage:
    return message_from_bytes(source, policy=policy.default)


def shown(message: EmailMessage) -> dict[str, Any]:
    """Fields of a `Message`; what can't be read is empty."""
    return {
        "sender": str(message.get("from", "")),
        "title": str(message.get("subject", "")),
        "body": part_text(message, "plain"),
        "html": part_text(message, "html"),
    }


def part_text(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    payload = part.get_payload(decode=True) if part else b""
    return payload.decode(errors="replace") if isinstance(payload, bytes) else ""
