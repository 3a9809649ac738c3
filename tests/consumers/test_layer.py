"""The channel layer: the stock interface, sinks, and a Redis that restarts, hangs or is away."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import pytest_asyncio
from channels.layers import get_channel_layer
from pytest_django import Settings

from consumers import shard
from consumers.layer import DirectChannelLayer
from hub.audience.models import Subscriber
from hub.tenancy.models import Tenant
from project.stack.redis import Redis
from tests.consumers.conftest import Db, Server, settled, soon, use_layer
from tests.support.client import HubClient
from tests.support.factories import send

Message = dict[str, Any]
DIRECT = "consumers.layer.DirectChannelLayer"


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that a test may stop, hang and start again."""
    (tmp_path / "logs").mkdir()
    own = Redis(tmp_path / "redis", tmp_path / "logs", say=lambda line: None)
    own.prepare()
    own.start()
    yield own
    if own.child is not None and own.child.pid is not None:
        if own.child.running:
            os.kill(own.child.pid, signal.SIGCONT)
        own.child.stop()


@pytest_asyncio.fixture
async def near(settings: Settings, own_redis: Redis) -> AsyncIterator[DirectChannelLayer]:
    """A layer of this event loop on a Redis of its own."""
    use_layer(settings, DIRECT, hosts=[own_redis.url])
    layer = get_channel_layer()
    yield layer
    await layer.flush()


class Inbox:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.messages.append(message)

    async def has(self, count: int, seconds: float = 30) -> list[Message]:
        deadline = monotonic() + seconds
        while len(self.messages) < count:
            assert monotonic() < deadline, self.messages
            await asyncio.sleep(0.01)
        return self.messages


async def joined(layer: Any, group: str) -> tuple[Inbox, str]:
    inbox = Inbox()
    channel = layer.attach(inbox)
    await layer.group_add(group, channel)
    return inbox, channel


async def test_a_group_message_reaches_every_sink_of_the_group(near: Any) -> None:
    (one, _), (two, _), (other, _) = [await joined(near, group) for group in ("a", "a", "b")]
    await near.group_send("a", {"type": "x", "frame": b"\x00\xff"})
    assert await one.has(1) == await two.has(1) == [{"type": "x", "frame": b"\x00\xff"}]
    assert other.messages == []


async def test_a_group_message_is_decoded_once(near: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inboxes = [(await joined(near, "a"))[0] for _ in range(20)]
    decoded = 0
    deserialize = near.deserialize

    def count(data: bytes) -> Message:
        nonlocal decoded
        decoded += 1
        return deserialize(data)  # type: ignore[no-any-return]

    monkeypatch.setattr(near, "deserialize", count)
    await near.group_send("a", {"type": "x"})
    for inbox in inboxes:
        await inbox.has(1)
    assert decoded == 1


async def test_many_at_once_keep_their_order(near: Any) -> None:
    (one, _), (two, _) = [await joined(near, group) for group in ("a", "b")]
    await near.group_send_many([("ab"[n % 2], {"type": "x", "n": n}) for n in range(100)])
    assert [message["n"] for message in await one.has(50)] == list(range(0, 100, 2))
    assert [message["n"] for message in await two.has(50)] == list(range(1, 100, 2))


async def test_a_sink_that_fails_harms_nobody(near: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fail(message: Message) -> None:
        raise ZeroDivisionError

    await near.group_add("a", near.attach(fail))
    inbox, _ = await joined(near, "a")
    for _ in range(2):
        await near.group_send("a", {"type": "x"})
    await inbox.has(2)
    assert "A sink failed" in caplog.text


async def test_the_last_one_leaving_does_not_deafen_who_joins_meanwhile(near: Any) -> None:
    _, channel = await joined(near, "a")
    for _ in range(50):
        leaving = asyncio.create_task(near.group_discard("a", channel))
        inbox, channel = await joined(near, "a")
        await leaving
        await near.group_send("a", {"type": "x"})
        await inbox.has(1)


async def test_who_left_hears_nothing_and_redis_forgets_the_group(near: Any, own_redis: Redis) -> None:
    inbox, channel = await joined(near, "a")
    await near.group_discard("a", channel)
    near.detach(channel)
    other, _ = await joined(near, "b")
    for group in "ab":
        await near.group_send(group, {"type": "x"})
    await other.has(1)
    assert inbox.messages == []
    async with shard.aioredis.Redis.from_url(own_redis.url) as client:
        assert await client.pubsub_channels() == [b"asgi__group__b"]


async def test_channels_of_the_stock_kind_work_beside_sinks(near: Any) -> None:
    channel = await near.new_channel()
    await near.group_add("a", channel)
    inbox, sink = await joined(near, "a")
    await near.group_send("a", {"type": "x"})
    assert await near.receive(channel) == {"type": "x"}
    await near.send(channel, {"type": "y"})
    assert await near.receive(channel) == {"type": "y"}
    await near.send(sink, {"type": "z"})
    assert await inbox.has(2) == [{"type": "x"}, {"type": "z"}]


async def test_an_idle_subscription_lives_longer_than_the_socket_timeout(settings: Settings, own_redis: Redis) -> None:
    use_layer(settings, DIRECT, hosts=[{"address": own_redis.url, "socket_timeout": 0.2}])
    layer = get_channel_layer()
    inbox, _ = await joined(layer, "a")
    await asyncio.sleep(1)
    async with shard.aioredis.Redis.from_url(own_redis.url) as client:
        connections = await client.info("stats")
        assert connections["total_connections_received"] <= 4
    await layer.group_send("a", {"type": "x"})
    await inbox.has(1)
    await layer.flush()


async def test_a_restart_of_redis_is_survived(near: Any, own_redis: Redis) -> None:
    inbox, _ = await joined(near, "a")
    await near.group_send("a", {"type": "x"})
    await inbox.has(1)
    assert own_redis.child is not None
    own_redis.child.stop()
    with pytest.raises(shard.FAILURES):
        await near.group_send("a", {"type": "lost"})
    await asyncio.sleep(0.3)
    started = monotonic()
    late, _ = await joined(near, "late")
    assert monotonic() - started < 5
    own_redis.start()
    for group, who in (("a", inbox), ("late", late)):
        await heard_again(near, group, who)


async def heard_again(layer: Any, group: str, inbox: Inbox) -> None:
    before = len(inbox.messages)

    async def heard() -> bool:
        await layer.group_send(group, {"type": "again"})
        return len(inbox.messages) > before

    await soon(heard)


async def test_a_redis_that_hangs_costs_a_bounded_time(
    settings: Settings, near: Any, own_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HUB = {"publish_timeout": 0.3}
    monkeypatch.setattr(shard, "HEARTBEAT", 0.2)
    inbox, _ = await joined(near, "a")
    assert own_redis.child is not None
    assert own_redis.child.pid is not None
    os.kill(own_redis.child.pid, signal.SIGSTOP)
    started = monotonic()
    sends = [near.group_send("a", {"type": "lost"}) for _ in range(20)]
    results = await asyncio.gather(*sends, joined(near, "late"), return_exceptions=True)
    assert monotonic() - started < 5
    assert all(isinstance(result, shard.FAILURES) for result in results[:20])
    settings.HUB = {"publish_timeout": 10}

    async def nobody_waits() -> bool:
        """For a Redis that is known to be dead."""
        started = monotonic()
        await joined(near, "later")
        return monotonic() - started < 5

    await soon(nobody_waits)
    os.kill(own_redis.child.pid, signal.SIGCONT)
    await heard_again(near, "a", inbox)


async def test_sockets_open_and_heal_while_redis_is_away(
    settings: Settings, own_redis: Redis, db: Db, tenant: Tenant, alice: Subscriber, alice_token: str
) -> None:
    use_layer(settings, DIRECT, hosts=[own_redis.url])
    settings.HUB = {"head_check_interval": 0.5}
    assert own_redis.child is not None
    own_redis.child.stop()
    server = Server()
    await asyncio.to_thread(server.start)
    client = await HubClient(server.url, token=alice_token).connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    own_redis.start()

    async def heard_live() -> bool:
        await db(send, tenant, "alice")
        await asyncio.sleep(0.1)
        return bool(client.of_type("notification"))

    await soon(heard_live)
    await settled(client, db, alice)
    await client.close()
    await asyncio.to_thread(server.stop)


async def test_a_thousand_join_in_a_few_commands(near: Any, own_redis: Redis) -> None:
    inboxes = await asyncio.gather(*(joined(near, f"g{n}") for n in range(1000)))
    await near.group_send_many([(f"g{n}", {"type": "x"}) for n in range(1000)])
    for inbox, _ in inboxes:
        await inbox.has(1)
    async with shard.aioredis.Redis.from_url(own_redis.url) as client:
        assert (await client.info("commandstats"))["cmdstat_subscribe"]["calls"] < 20
