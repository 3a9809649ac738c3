"""A function that is called with each message of some groups, over any channel layer."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

Message = dict[str, Any]


class Channel:
    """Over the direct layer a group message is a call of `deliver`; over others a task of this channel waits for them."""

    __slots__ = ("_deliver", "_groups", "_layer", "_name", "_reader")

    def __init__(self, deliver: Callable[[Message], None]) -> None:
        self._deliver = deliver
        self._layer = get_channel_layer()
        self._name = ""
        self._groups: list[str] = []
        self._reader: asyncio.Task[None] | None = None

    async def join(self, group: str) -> None:
        """Hear what is sent to `group` from now on."""
        attach = getattr(self._layer, "attach", None)
        if not self._name and attach is not None:
            self._name = attach(self._deliver)
        elif not self._name:
            self._name = await self._layer.new_channel()
            self._reader = asyncio.create_task(self._read())
        self._groups.append(group)
        await self._layer.group_add(group, self._name)

    async def leave(self) -> None:
        """Hear nothing any more."""
        try:
            for group in self._groups:
                await self._layer.group_discard(group, self._name)
        except Exception:
            logger.exception("A group could not be left")
        finally:
            if self._reader is not None:
                self._reader.cancel()
            elif self._name:
                self._layer.detach(self._name)

    async def _read(self) -> None:
        while True:
            message = await self._layer.receive(self._name)
            try:
                self._deliver(message)
            except Exception:
                logger.exception("A message failed")
