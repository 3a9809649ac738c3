"""What may become of a message once it was taken: what a network or a person does, each told as its provider tells it."""

from collections.abc import Callable, Mapping
from typing import Any

from project.emulators.callbacks import Callback
from project.emulators.recorder import Message

# of an emulator, a message that it took, and the address to post to
Fate = Callable[[Any, Message, str], Callback]


def _twilio(status: str, code: str = "") -> Fate:
    return lambda twilio, message, url: twilio.status(message, status, url=url, error_code=code)


def _vonage(status: str, code: str = "0") -> Fate:
    return lambda vonage, message, url: vonage.status(message, status, url=url, error_code=code)


def _mailgun(event: str, **more: Any) -> Fate:
    return lambda mailgun, message, url: mailgun.event(message, event, url=url, more=more)


def _says_to_twilio(word: str) -> Fate:
    return lambda twilio, message, url: twilio.incoming(url, sender=message.to, to=message.sender, body=word)


def _says_to_vonage(word: str) -> Fate:
    return lambda vonage, message, url: vonage.incoming(url, sender=message.to, to=message.sender, text=word)


DELIVERED = "delivered"
FATES: Mapping[str, Mapping[str, Fate]] = {
    "twilio": {
        DELIVERED: _twilio("delivered"),
        "failed": _twilio("undelivered", "30003"),
        "number is gone": _twilio("undelivered", "30005"),
        "STOP": _says_to_twilio("STOP"),
        "START": _says_to_twilio("START"),
    },
    "vonage": {
        DELIVERED: _vonage("delivered"),
        "failed": _vonage("failed", "1"),
        "number is gone": _vonage("failed", "2"),
        "STOP": _says_to_vonage("STOP"),
        "START": _says_to_vonage("START"),
    },
    "mailgun": {
        DELIVERED: _mailgun("delivered"),
        "opened": _mailgun("opened"),
        "clicked": _mailgun("clicked"),
        "bounce": _mailgun("failed", severity="permanent", reason="bounce"),
        "complaint": _mailgun("complained"),
    },
}


def asked_for(message: Message) -> str:
    """The address that came with a message for what becomes of it; empty where none did."""
    asked = message.asked if isinstance(message.asked, Mapping) else {}
    return str(asked.get("StatusCallback") or asked.get("callback") or "")
