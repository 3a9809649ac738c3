"""Telling the hub what becomes of a message, as the provider that took it does: by itself, or because a button was pressed."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

from project.emulators.base import Emulator
from project.emulators.fates import DELIVERED, FATES, asked_for
from project.emulators.recorder import Message
from project.stack.mailbox.outbox import Entry, Outbox

# seconds until a message is at its reader's
SOON = 1.0


class Telling:
    """`demo`: the file that is there once the hub is ready, and says where it wants to be told (`callbacks`, by account)."""

    def __init__(self, outbox: Outbox, emulators: Iterable[Emulator], demo: Path) -> None:
        self._outbox, self._demo = outbox, demo
        self._emulators = {emulator.name: emulator for emulator in emulators}
        self._under_way: set[asyncio.Task[int]] = set()

    def arrived(self, message: Message) -> None:
        """Keep a message that was taken, and have it delivered. Called on the loop."""
        entry = self._outbox.add(message)
        if entry is not None and DELIVERED in entry.fates:
            asyncio.get_running_loop().call_later(SOON, self._deliver, entry)

    async def tell(self, entry: Entry, fate: str) -> int:
        """The status of the hub's answer; 0 if it can't be reached, or didn't say where."""
        url = asked_for(entry.message) or self._address(entry.message.provider)
        if not url:
            return 0
        told = FATES[entry.message.provider][fate](self._emulators[entry.message.provider], entry.message, url)
        try:
            status = await asyncio.to_thread(told.post)
        except OSError:
            return 0
        if status < 300:
            self._outbox.note(entry.id, fate)
        return status

    def _deliver(self, entry: Entry) -> None:
        task = asyncio.ensure_future(self.tell(entry, DELIVERED))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _address(self, provider: str) -> str:
        try:
            return str(json.loads(self._demo.read_text())["callbacks"].get(provider, ""))
        except (OSError, ValueError, KeyError):
            return ""
