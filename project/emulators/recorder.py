"""What arrived, from every emulator, newest last; the oldest are forgotten."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

KEPT = 20_000  # messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as a provider understood it: what a device, a phone or a chat would show, and what was asked.

    `handle` is what an app finds it by among what its phone shows. One with `withdraws`, the handles of others, is silent: it
    shows nothing, and the app takes those away.

    `taken`: whether it would be shown. It counts as a copy even where the sender never heard of it (a cut connection,
    a late answer), and doesn't where it was refused. `at`: seconds since 1970, by the emulators' clock.
    """

    id: str
    provider: str
    channel: str
    to: str
    at: float
    title: str = ""
    body: str = ""
    html: str = ""
    sender: str = ""
    image: str = ""
    url: str = ""
    badge: int | None = None
    actions: tuple[str, ...] = ()
    handle: str = ""
    withdraws: tuple[str, ...] | None = None
    asked: Any = None  # the request's own body, decoded
    headers: Mapping[str, str] = field(default_factory=dict)  # the request's, names in lower case
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    taken: bool = True


class Recorder:
    """Written by the emulators' thread, read by any."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._changed = Condition()
        self._messages: deque[Message] = deque(maxlen=kept)
        self._listeners: list[Callable[[Message], None]] = []

    def add(self, message: Message) -> None:
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()
        for listener in self._listeners:
            listener(message)

    def listen(self, listener: Callable[[Message], None]) -> None:
        """Call `listener` with every message to come, on the emulators' thread."""
        self._listeners.append(listener)

    def asked(self, provider: str = "", to: str = "") -> list[Message]:
        """Every message that was read, the refused ones too; of one provider, to one address."""
        with self._changed:
            return [m for m in self._messages if provider in ("", m.provider) and to in ("", m.to)]

    def taken(self, provider: str = "", to: str = "") -> list[Message]:
        """The messages that would be shown."""
        return [message for message in self.asked(provider, to) if message.taken]

    def copies(self) -> Counter[tuple[str, str, str, str]]:
        """How often each was taken, by (provider, to, title, body)."""
        return Counter((m.provider, m.to, m.title, m.body) for m in self.taken())

    def wait(self, count: int = 1, *, provider: str = "", to: str = "", timeout: float = 10.0) -> list[Message]:
        """The messages taken, once there are `count`. Raises TimeoutError."""
        with self._changed:  # its lock may be taken twice by one thread
            if not self._changed.wait_for(lambda: len(self.taken(provider, to)) >= count, timeout):
                raise TimeoutError(f"{len(self.taken(provider, to))} of {count} messages after {timeout:g} s")
        return self.taken(provider, to)

    def clear(self) -> None:
        with self._changed:
            self._messages.clear()
