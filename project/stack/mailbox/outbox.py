"""Everything that would have left the machine: mails, which are kept on disk, and other messages, kept in memory."""

import json
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice

from project.emulators.fates import FATES
from project.emulators.mail import mime_of
from project.emulators.recorder import Message
from project.stack.mailbox.store import Mail, MailStore

KEPT = 2_000  # messages
KEPT_SIZE = 64 * 1024 * 1024  # characters of all of them
CHANNELS = ("push", "email", "sms", "chat")


@dataclass(frozen=True, slots=True)
class Entry:
    """A message that an emulator took. `id` sorts by arrival, among mails too; `asked` is the request, as JSON.

    `withdraws`: the ids of those that it took off their screen; `withdrawn`: this one was. `told`: what the hub was told of it.
    """

    id: str
    message: Message
    asked: str
    withdraws: tuple[str, ...] = ()
    withdrawn: bool = False
    told: tuple[str, ...] = ()

    @property
    def channel(self) -> str:
        """The column it belongs to: what has none of its own goes with the chats."""
        return self.message.channel if self.message.channel in CHANNELS else "chat"

    @property
    def fates(self) -> Collection[str]:
        """What may become of it."""
        return FATES.get(self.message.provider, {}).keys()

    @property
    def size(self) -> int:
        return len(self.asked) + len(self.message.body) + len(self.message.html)


class Outbox:
    """The newest `kept` messages, and the mails of `mails`."""

    def __init__(self, mails: MailStore, *, kept: int = KEPT, kept_size: int = KEPT_SIZE) -> None:
        self.mails, self.kept, self.kept_size = mails, kept, kept_size
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._size = 0

    def add(self, message: Message) -> Entry | None:
        """Keep a message, if it was taken."""
        if not message.taken:
            return None
        asked = json.dumps(message.asked, indent=2, ensure_ascii=False)
        entry = Entry(self._id_for(message), message, asked, tuple(self._on_screen(message)))
        for shown in entry.withdraws:
            self._entries[shown] = replace(self._entries[shown], withdrawn=True)
        self._entries[entry.id] = entry
        self._size += entry.size
        while len(self._entries) > self.kept or (self._size > self.kept_size and len(self._entries) > 1):
            _, oldest = self._entries.popitem(last=False)
            self._size -= oldest.size
        return entry

    def note(self, entry_id: str, fate: str) -> None:
        """The hub was told so of a message, which may be forgotten by now."""
        if entry := self._entries.get(entry_id):
            self._entries[entry_id] = replace(entry, told=(*(one for one in entry.told if one != fate), fate))

    def get(self, entry_id: str) -> Entry | None:
        return self._entries.get(entry_id)

    def newest(self, limit: int, *, channel: str = "", after: str = "", before: str = "") -> list[Mail | Entry]:
        """Up to `limit`, newest first, of one channel or all, of those that arrived after (before) that id."""
        found: list[Iterator[Mail | Entry]] = [self._between(channel, after, before)]
        if channel in ("", "email"):
            kept = self.mails.newest(limit, after=after, before=before)
            found.append(mail for mail in kept if mail.id not in self._entries)
        return list(islice(merge(*found, key=lambda one: one.id, reverse=True), limit))

    def count(self, channel: str) -> int:
        if channel == "email":
            return len(self.mails)
        return sum(entry.channel == channel for entry in self._entries.values())

    def _id_for(self, message: Message) -> str:
        """A mail is kept on disk whatever way it came: there it is found once it is no longer here, and after a restart."""
        if message.channel != "email":
            return self.mails.next_id()
        return self.mails.add(mime_of(message), sender=message.sender, recipients=[message.to]).id

    def _on_screen(self, silent: Message) -> list[str]:
        """What the same device still shows of what is to go."""
        return [
            entry.id
            for entry in self._entries.values()
            if (entry.message.provider, entry.message.to) == (silent.provider, silent.to)
            and entry.message.handle in (silent.withdraws or ())
            and not entry.withdrawn
        ]

    def _between(self, channel: str, after: str, before: str) -> Iterator[Mail | Entry]:
        for entry_id in reversed(self._entries):
            if entry_id <= after:
                return
            entry = self._entries[entry_id]
            if (not before or entry_id < before) and channel in ("", entry.channel):
                yield entry
