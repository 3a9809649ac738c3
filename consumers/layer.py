"""The channel layer: channels-redis's pub/sub layer with its push path made direct.

Anybody's `group_send` works as ever. What differs: a channel of this process may be a sink, a function that is called
with each message, decoded once a group, instead of a queue that a task empties; it costs no Redis subscription of its
own. A group is one subscription a process. Redis may come and go: a background task keeps up the subscriptions.
"""

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _wrap_close, decode_hosts

from consumers.shard import Shard

logger = logging.getLogger(__name__)

Message = dict[str, Any]
Deliver = Callable[[Message], None]


class Sink:
    """Stands where the stock layer keeps a queue, and hands each message to a function at once."""

    __slots__ = ("_decode", "deliver")

    def __init__(self, deliver: Deliver, decode: Callable[[bytes], Message]) -> None:
        self.deliver = deliver
        self._decode = decode

    def put_nowait(self, data: bytes) -> None:
        """Take a message as Redis carries it."""
        self.deliver(self._decode(data))


class DirectChannelLayer(RedisPubSubChannelLayer):
    """`CHANNEL_LAYERS` backend. CONFIG as for channels-redis's pub/sub layer: `hosts`, `prefix`, …

    Beyond Channels' own methods: `attach`, `detach`, `group_send_many`.
    """

    def _get_layer(self) -> "DirectLoopLayer":
        loop = asyncio.get_running_loop()
        layer: DirectLoopLayer | None = self._layers.get(loop)
        if layer is None:
            layer = self._layers[loop] = DirectLoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        return layer


class DirectLoopLayer(RedisPubSubLoopLayer):
    """The layer of one event loop. `channels` maps names to queues or sinks, `groups` Redis names to channel names."""

    def __init__(self, hosts: list[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(hosts=hosts, **kwargs)
        self._shards = [Shard(host, self.deliver) for host in decode_hosts(hosts)]

    def attach(self, deliver: Deliver) -> str:
        """A new channel of this process that calls `deliver` with each message: it must neither block nor await.

        Only this process reaches it by name; others reach it through a group.
        """
        channel = f"{self.prefix}direct.{uuid.uuid4().hex}"
        self.channels[channel] = Sink(deliver, self.channel_layer.deserialize)
        return channel

    def detach(self, channel: str) -> None:
        """Forget a channel that `attach` made; `group_discard` it first."""
        self.channels.pop(channel, None)

    async def send(self, channel: str, message: Message) -> None:
        """As the stock layer; a sink is called at once, as nobody subscribes to its name."""
        target = self.channels.get(channel)
        if isinstance(target, Sink):
            target.deliver(message)
        else:
            await super().send(channel, message)

    async def group_send_many(self, messages: Iterable[tuple[str, Message]]) -> None:
        """Many `group_send`s in one round trip a Redis host. Raises as `group_send` does, within `publish_timeout`."""
        by_shard: dict[Shard, list[tuple[str, bytes]]] = defaultdict(list)
        for group, message in messages:
            name = self._get_group_channel_name(group)
            by_shard[self._get_shard(name)].append((name, self.channel_layer.serialize(message)))
        await asyncio.gather(*(shard.publish_many(batch) for shard, batch in by_shard.items()))

    def deliver(self, name: str, data: bytes) -> None:
        """Hand what Redis sent under `name` to the queue of that name, or to every channel of the group."""
        queue = self.channels.get(name)
        if queue is not None:
            queue.put_nowait(data)
            return
        message: Message | None = None
        # a copy: whoever gets the message may leave the group
        for channel in tuple(self.groups.get(name, ())):
            target = self.channels.get(channel)
            if not isinstance(target, Sink):
                if target is not None:
                    target.put_nowait(data)
                continue
            if message is None:
                message = self.channel_layer.deserialize(data)
            try:
                target.deliver(message)
            except Exception:
                logger.exception("A sink failed; its neighbours get the message nevertheless")
