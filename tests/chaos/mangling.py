"""A channel layer that loses, doubles and delays what is published, as no network would all at once."""

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from consumers.layer import DirectChannelLayer

LOST, DOUBLED, DELAYED = 0.2, 0.2, 0.3
LONGEST_DELAY = 0.4
# a frame that holds this is lost for certain
ALWAYS_LOST = b"lost tail"

Message = tuple[str, dict[str, Any]]


class ManglingLayer(DirectChannelLayer):
    """Set by CHAOS_LAYER. What it did is counted in a file of CHAOS_TALLY's folder, one a process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dice = random.Random(int(os.environ.get("CHAOS_SEED", "1")))
        self._tally: Counter[str] = Counter()
        self._late: set[asyncio.Task[None]] = set()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self.group_send_many([(group, message)])

    async def group_send_many(self, messages: Iterable[Message]) -> None:
        now = [copy for message in messages for copy in self._copies(message)]
        self._dice.shuffle(now)
        self._count()
        await self._get_layer().group_send_many(now)

    def _copies(self, message: Message) -> list[Message]:
        """What is published at once of a message: nothing, itself, or itself twice."""
        die = self._dice.random()
        if ALWAYS_LOST in message[1]["frame"] or die < LOST:
            self._tally["lost"] += 1
            return []
        if die < LOST + DOUBLED:
            self._tally["doubled"] += 1
            self._send_later(message)
            return [message]
        if die < LOST + DOUBLED + DELAYED:
            self._tally["delayed"] += 1
            self._send_later(message)
            return []
        self._tally["untouched"] += 1
        return [message]

    def _send_later(self, message: Message) -> None:
        task = asyncio.get_running_loop().create_task(self._late_send(message, self._dice.uniform(0, LONGEST_DELAY)))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _late_send(self, message: Message, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._get_layer().group_send_many([message])

    def _count(self) -> None:
        folder = os.environ.get("CHAOS_TALLY")
        if folder:
            Path(folder, f"tally-{os.getpid()}.json").write_text(json.dumps(self._tally))
