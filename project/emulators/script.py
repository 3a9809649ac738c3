"""What an emulator is told to do instead of behaving.

fcm.script.then(Refusal(429, retry_after=30), HANG)   the next two messages, then it behaves again
fcm.script.always(Late(0.05))                         every message
fcm.script.choose(lambda message: Refusal(404) if message.to == "gone" else None)

A message whose text has a marker is treated by it, before all of these: `[[503]]`, `[[429 in 20]]`, `[[hang]]`,
`[[reset]]`, `[[empty]]`, `[[late 3]]`. So a demo's user may see what the hub does about a provider that fails.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from enum import Enum
from threading import Lock

from project.emulators.recorder import Message

MARKER = re.compile(r"\[\[(?P<word>\d{3}|hang|reset|empty|late)(?: (?:in )?(?P<seconds>\d{1,5}))?\]\]")


class Refusal(Exception):
    """An error, told in the provider's own words. `code`: one of the provider's, absent: its usual one for `status`.

    `retry_after`: seconds, or the moment, which goes out as an HTTP date.
    """

    def __init__(
        self, status: int, code: str = "", message: str = "", *, retry_after: int | datetime | None = None
    ) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after

    @property
    def headers(self) -> dict[str, str]:
        match self.retry_after:
            case None:
                return {}
            case int():
                return {"retry-after": str(self.retry_after)}
            case when:
                return {"retry-after": format_datetime(when, usegmt=True)}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to the byte. `delay`: seconds before it goes out. `parts`: in how many pieces the body goes out."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Late:
    """The proper answer, `seconds` later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Split:
    """The proper answer, its body in `parts` pieces that arrive one by one."""

    parts: int = 5


class Deed(Enum):
    HANG = "reads the whole request and never answers"
    EMPTY = "the proper status with no body at all"
    RESET_BEFORE = "cuts the connection when the headers are there, before the body is read"
    RESET_AFTER = "reads the whole request, keeps the message, cuts the connection"
    RESET_STREAM = "HTTP/2: keeps the message, ends its stream alone"
    REFUSE_STREAM = "HTTP/2: ends the stream with the word that nothing was done"
    GO_AWAY = "HTTP/2: says that it did not take this one, and closes the connection"


HANG, EMPTY, RESET_BEFORE, RESET_AFTER = Deed.HANG, Deed.EMPTY, Deed.RESET_BEFORE, Deed.RESET_AFTER
RESET_STREAM, REFUSE_STREAM, GO_AWAY = Deed.RESET_STREAM, Deed.REFUSE_STREAM, Deed.GO_AWAY
NOT_TAKEN = (RESET_BEFORE, REFUSE_STREAM, GO_AWAY)

Act = Refusal | Reply | Late | Split | Deed


class Script:
    """Safe to be written by a test while the emulator's thread follows it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queue: deque[Act | None] = deque()
        self._always: Act | None = None
        self._choice: Callable[[Message], Act | None] | None = None

    def then(self, *acts: Act | None) -> None:
        """One act a message, in this order; None: it behaves."""
        with self._lock:
            self._queue.extend(acts)

    def always(self, act: Act | None) -> None:
        self._always = act

    def choose(self, choice: Callable[[Message], Act | None] | None) -> None:
        """`choice` may not name RESET_BEFORE: no message has been read by then."""
        self._choice = choice

    def behave(self) -> None:
        """Forget everything."""
        with self._lock:
            self._queue.clear()
            self._always = self._choice = None

    def cuts_off(self) -> bool:
        """Whether the request whose headers have come is to lose its connection now."""
        with self._lock:
            if self._queue:
                return self._queue[0] is RESET_BEFORE and self._queue.popleft() is RESET_BEFORE
        return self._always is RESET_BEFORE

    def act_for(self, message: Message) -> Act | None:
        if act := marked(message):
            return act
        with self._lock:
            if self._queue:
                return self._queue.popleft()
        return (self._choice and self._choice(message)) or self._always


def marked(message: Message) -> Act | None:
    found = MARKER.search(f"{message.title} {message.body}")
    if found is None:
        return None
    seconds = int(found["seconds"] or 0)
    match found["word"]:
        case "hang":
            return HANG
        case "reset":
            return RESET_AFTER
        case "empty":
            return EMPTY
        case "late":
            return Late(seconds)
        case status:
            return Refusal(int(status), retry_after=seconds or None)
