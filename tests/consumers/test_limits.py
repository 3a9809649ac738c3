"""A client that is slow, silent, too loud or out of time loses its own socket, and nobody else's."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as raw_connect
from websockets.exceptions import ConnectionClosed

from consumers import edge, outbox
from hub.audience.models import Subscriber
from hub.inbox.services import Ack
from hub.live import user_group
from hub.tenancy.models import Tenant
from tests.consumers.conftest import Connect, Db, Listen, Server, soon, token_of, until
from tests.support.client import HubClient
from tests.support.factories import send


async def test_a_silent_client_is_closed_and_one_that_answers_is_not(settings: Settings, connect: Connect) -> None:
    settings.HUB = {"ping_interval": 0.2}
    answering, silent = await connect(), await connect()
    silent.answers_pings = False
    assert await silent.until_closed(3) == 4002
    await answering.until(lambda: len(answering.of_type("ping")) > 4)
    assert answering.code is None


async def test_pings_tell_the_head(settings: Settings, connect: Connect, db: Db, tenant: Tenant) -> None:
    settings.HUB = {"ping_interval": 0.2}
    client = await connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    await client.until(lambda: {"type": "ping", "head": 1} in client.frames)


async def test_a_token_ends_and_a_new_one_keeps_the_socket(connect: Connect, db: Db, alice: Subscriber) -> None:
    short = await db(token_of, alice, 3)
    ending, refreshed = await connect(token=short), await connect(token=short)
    await refreshed.send({"type": "auth", "token": await db(token_of, alice)})
    assert await ending.until_closed() == 4010
    await asyncio.sleep(0.2)
    assert refreshed.code is None
    assert not refreshed.of_type("error")


async def test_a_new_token_that_is_none_and_one_of_somebody_else(connect: Connect, db: Db, bob: Subscriber) -> None:
    client = await connect()
    await client.send({"type": "auth", "token": "none"})
    await client.until(lambda: bool(client.of_type("error")))
    assert (client.of_type("error")[0]["code"], client.code) == ("unauthorised", None)
    await client.send({"type": "auth", "token": await db(token_of, bob)})
    assert await client.until_closed() == 4501


async def test_acks_are_clamped_gathered_and_written(
    connect: Connect, db: Db, tenant: Tenant, alice: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[list[Ack]] = []
    times: list[float] = []
    acknowledge = edge.acknowledge

    def record(acks: Sequence[Ack]) -> int:
        times.append(monotonic())
        written.append(list(acks))
        return acknowledge(acks)

    monkeypatch.setattr(edge, "acknowledge", record)
    client = await connect()
    for _ in range(2):
        await db(send, tenant, "alice")
    await client.until_last(2)
    for seq, focused in ((1, True), (1, False), (99, False)):
        await client.send({"type": "ack", "seq": seq, "focused": focused})
    await until(lambda: len(written) == 2)
    await client.send({"type": "ack", "seq": 2, "focused": True})
    await until(lambda: len(written) == 4)
    assert times[2] - times[1] > 0.5
    assert written == [[Ack(alice.pk, 1, True)], [Ack(alice.pk, 2, False)], [Ack(alice.pk, 2, True)], []]


async def stuck(server: Server, token: str) -> ClientConnection:
    """A client that says hello, gets ready, and reads no more."""
    socket = await raw_connect(
        server.url,
        subprotocols=["hub.v1"],
        max_queue=1,
        compression=None,
        max_size=None,
        proxy=None,  # type: ignore[list-item]
    )
    await socket.send(f'{{"type":"hello","token":"{token}"}}')
    await socket.recv()
    return socket


async def flood(alice: Subscriber, count: int) -> None:
    layer = get_channel_layer()
    for _ in range(count):
        await layer.group_send(
            user_group(alice.pk), {"type": "hub.frame", "frame": {"type": "noise", "x": "x" * 65_536}}
        )


async def drain(socket: ClientConnection) -> tuple[int, int | None]:
    """Reads what there is: how many frames, and the code of the close behind them."""
    count = 0
    try:
        while True:
            await socket.recv()
            count += 1
    except ConnectionClosed as closed:
        return count, closed.rcvd.code if closed.rcvd else None


async def test_a_reader_that_never_reads_is_abandoned(
    settings: Settings, server: Server, alice: Subscriber, alice_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HUB = {"socket_queue": 8}
    monkeypatch.setattr(outbox, "LINGER", 0.2)
    slow = await stuck(server, alice_token)
    await flood(alice, 300)
    await asyncio.sleep(2)
    assert (await asyncio.wait_for(drain(slow), 60))[1] is None


async def test_the_queue_keeps_the_order_of_what_has_to_wait(
    server: Server, alice: Subscriber, alice_token: str
) -> None:
    slow = await stuck(server, alice_token)
    layer = get_channel_layer()
    for number in range(200):
        frame: dict[str, Any] = {"type": "noise", "n": number, "x": "x" * 65_536}
        await layer.group_send(user_group(alice.pk), {"type": "hub.frame", "frame": frame})
    numbers = [int((await slow.recv())[:40].split('"n":')[1].split(",")[0]) for _ in range(200)]  # type: ignore[arg-type,index]
    assert numbers == list(range(200))
    await slow.close()


async def test_an_address_has_so_many_connections(
    settings: Settings, server: Server, connect: Connect, listen: Listen, db: Db, bob: Subscriber
) -> None:
    settings.HUB = {"connections_per_address": 3}
    his = await db(token_of, bob)
    first = await connect()
    silent = await HubClient(server.url).dial()
    stream = await listen(token=his)
    assert await (await connect(token=his, ready=False)).until_closed() == 4509
    refused = await listen(token=his)
    assert (refused.status, refused.problem["code"]) == (429, "too_many_connections")
    assert refused.headers["Retry-After"] == "1"
    await stream.close()
    await silent.close()

    async def there_is_room() -> bool:
        return (await connect()).code is None

    await soon(there_is_room)
    assert first.code is None


async def test_streams_and_sockets_of_a_subscriber_are_counted_together(
    settings: Settings, connect: Connect, listen: Listen
) -> None:
    settings.HUB = {"connections_per_subscriber": 2}
    await connect()
    stream = await listen()
    assert (await listen()).problem["code"] == "too_many_connections"
    assert await (await connect(ready=False)).until_closed() == 4509
    await stream.close()

    async def there_is_room() -> bool:
        return (await connect()).code is None

    await soon(there_is_room)


def test_the_more_connections_the_longer_their_return_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    for count, window in ((0, []), (1, [(0, 5_000)]), (1_000, [(0, 5_000)]), (4_000, [(0, 20_000)])):
        told: set[tuple[int, int]] = set()
        its = edge.Edge()
        session = SimpleNamespace(go_away=lambda _, window, told=told: told.add(window))
        monkeypatch.setattr(its, "_everybody", lambda count=count, session=session: [session] * count)
        its.drain()
        assert sorted(told) == window
