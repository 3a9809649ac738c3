"""What the email providers' APIs have in common: a MIME message or its parts, as a page would show them."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from project.emulators.recorder import Message

CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


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


def mime_of(message: Message) -> bytes:
    """A mail that came by its parts, as a mail server would have it."""
    made = EmailMessage(policy=policy.SMTP)
    for name, value in {"From": message.sender, "To": message.to, "Subject": message.title}.items():
        made[name] = CONTROL.sub(" ", value)
    made.set_content(message.body)
    if message.html:
        made.add_alternative(message.html, subtype="html")
    return made.as_bytes()


def part_text(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    payload = part.get_payload(decode=True) if part else b""
    return payload.decode(errors="replace") if isinstance(payload, bytes) else ""
