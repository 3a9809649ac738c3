"""The first way out of the domain: a group message by name. Nothing else in `hub` publishes, and only after commit.

A message that is lost here is no loss: the record has what it says, and each edge compares itself with the record.
"""

import asyncio
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer

from hub.breaker import redis_breaker
from hub.conf import conf
from hub.loop import run

# the type of the group message: {"type": FRAME, "frame": encoded JSON, "seq": int, or None for what is not durable}
FRAME = "hub.frame"
# the group that every edge is in, and the type of what it is told there: {"type": RECHECK, "subscribers": [hex …],
# "tenant": hex or None}. The edge looks up at once whether the connections of these may stay.
EDGES = "edges"
RECHECK = "hub.recheck"

Frame = tuple[UUID, int | None, bytes]
Message = tuple[str, dict[str, Any]]


def user_group(subscriber_id: UUID) -> str:
    """The channel layer's group of one subscriber's sockets."""
    return f"user.{subscriber_id.hex}"


def publish(frames: Iterable[Frame]) -> None:
    """Hand (subscriber, seq, encoded frame) to the live edges. Waits `publish_timeout` at most and never raises."""
    _publish([(user_group(who), {"type": FRAME, "frame": frame, "seq": seq}) for who, seq, frame in frames])


def recheck(*, subscribers: Iterable[UUID] = (), tenant: UUID | None = None) -> None:
    """Have the live edges look again at who may stay: these subscribers, or a whole tenant. Waits and fails as `publish`."""
    message = {
        "type": RECHECK,
        "subscribers": [subscriber_id.hex for subscriber_id in subscribers],
        "tenant": tenant and tenant.hex,
    }
    _publish([(EDGES, message)])


def _publish(messages: list[Message]) -> None:
    if not messages or redis_breaker.is_open:
        return
    try:
        run(_send(messages), timeout=conf.publish_timeout)
    except Exception as error:
        redis_breaker.failed(error)


async def _send(messages: list[Message]) -> None:
    layer = get_channel_layer()
    send_many = getattr(layer, "group_send_many", None)
    if send_many is not None:
        await send_many(messages)
    else:
        await asyncio.gather(*(layer.group_send(group, message) for group, message in messages))
