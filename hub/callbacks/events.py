"""What providers tell us afterwards, in one language for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What happened to a message, or to an address, after the provider had taken it."""

    # it is in the mailbox, on the phone
    DELIVERED = "delivered"
    # the provider took it and could not deliver it after all
    FAILED = "failed"
    BOUNCED = "bounced"
    # its reader calls it spam
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OPENED = "opened"
    CLICKED = "clicked"
    # somebody answered STOP, or START, whatever the message
    STOPPED = "stopped"
    STARTED = "started"
    # somebody answered HELP, and waits for words
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that came in, as it came. Names of `headers` are in lower case; `url` is the one that the provider called."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a provider tells.

    It is about the message that the provider calls `message_id`, or that carries our `delivery_id`, at `address` if that is
    said. `lasting`: the address will never take anything. `id`: the provider's name for the event; a repeat has the same.
    """

    kind: Kind
    at: datetime
    message_id: str = ""
    delivery_id: UUID | None = None
    address: str = field(default="", repr=False)
    code: str = ""
    answer: str = field(default="", repr=False)
    lasting: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider wants to hear."""

    body: str = ""
    content_type: str = "text/plain"


class Unverified(Exception):
    """The call doesn't prove that it comes from the provider. Its text is for the log, and says nothing of the call."""
