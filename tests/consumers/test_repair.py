"""Frames get lost, doubled and reordered on the way to the edge and to the client; the screen is right nevertheless."""

import asyncio
import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from consumers import edge
from hub import live
from hub.audience.models import Stream, Subscriber
from hub.tenancy.models import Tenant
from tests.consumers.conftest import Connect, Db, fetch_of, fresh, settled, until
from tests.support import client as reference
from tests.support.client import HubClient
from tests.support.factories import send

Frames = list[live.Frame]


class Postman:
    """Stands between the record and the channel layer."""

    def __init__(self) -> None:
        self.deliver = live.publish
        self.lose = False
        self.held: Frames = []
        self.holding = False

    def publish(self, frames: Any) -> None:
        if self.holding:
            self.held.extend(frames)
        elif not self.lose:
            self.deliver(frames)


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postman]:
    postman = Postman()
    monkeypatch.setattr(live, "publish", postman.publish)
    return postman


async def test_a_lost_frame_is_read_when_the_next_one_shows_the_gap(
    connect: Connect, db: Db, tenant: Tenant, alice: Subscriber, postman: Postman
) -> None:
    client = await connect()
    postman.lose = True
    await db(send, tenant, "alice")
    postman.lose = False
    await db(send, tenant, "alice")
    await client.until_last(2)
    assert [frame["type"] for frame in client.frames] == ["ready", "batch"]
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)


async def test_a_lost_tail_is_found_by_comparing_heads(
    settings: Settings, connect: Connect, db: Db, tenant: Tenant, postman: Postman
) -> None:
    settings.HUB = {"head_check_interval": 0.3}
    client = await connect()
    postman.lose = True
    await db(send, tenant, "alice")
    await client.until_last(1)
    assert [frame["type"] for frame in client.frames] == ["ready", "batch"]


async def test_frames_that_overtake_each_other_are_put_in_order_without_a_read(
    settings: Settings, connect: Connect, db: Db, tenant: Tenant, postman: Postman
) -> None:
    settings.HUB = {"gap_wait": 5}
    client = await connect()
    postman.holding = True
    for _ in range(3):
        await db(send, tenant, "alice")
    await db(postman.deliver, reversed(postman.held))
    await client.until_last(3)
    assert [frame.get("seq") for frame in client.frames] == [None, 1, 2, 3]


async def test_doubled_frames_are_dropped(connect: Connect, db: Db, tenant: Tenant, postman: Postman) -> None:
    client = await connect()
    postman.holding = True
    for _ in range(2):
        await db(send, tenant, "alice")
    await db(postman.deliver, postman.held * 2)
    await client.until_last(2)
    await asyncio.sleep(0.1)
    assert [frame.get("seq") for frame in client.frames] == [None, 1, 2]


async def test_a_receipt_whose_state_frame_is_lost_follows_a_repair(
    settings: Settings, connect: Connect, db: Db, tenant: Tenant, alice: Subscriber, postman: Postman
) -> None:
    settings.HUB = {"head_check_interval": 60}
    client = await connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    postman.lose = True
    assert (await client.mark("read", *client.inbox.items))["seq"] == 2
    assert [frame["type"] for frame in client.frames] == ["ready", "notification", "batch", "receipt"]
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)


async def test_a_sequence_that_the_record_does_not_know_is_forgotten(
    connect: Connect, db: Db, tenant: Tenant, alice: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, catch_up = list[Any](), edge.catch_up
    monkeypatch.setattr(edge, "catch_up", lambda requests: reads.append(requests) or catch_up(requests))
    client = await connect()
    await db(live.publish, [(alice.pk, 40, b'{"type":"notification","seq":40}')])
    await until(lambda: len(reads) == 2)  # one at hello, one that finds nothing
    await asyncio.sleep(0.2)
    assert len(reads) == 2
    await db(send, tenant, "alice")
    await client.until_last(1)
    assert [frame["type"] for frame in client.frames] == ["ready", "notification"]


async def test_sync_from_the_clients_own_cursor(connect: Connect, db: Db, tenant: Tenant, alice: Subscriber) -> None:
    client = await connect()
    client.tamper = lambda frame: [] if frame["type"] == "notification" else [frame]
    await db(send, tenant, "alice")
    await client.until(lambda: bool(client.of_type("notification")))
    await client.sync()
    await client.until_last(1)
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)


@pytest.mark.parametrize("cursor", ["ffffffff:0", "{epoch}:7"])
async def test_sync_from_nowhere_is_a_lost_sequence(connect: Connect, cursor: str) -> None:
    client = await connect()
    await client.send({"type": "sync", "cursor": cursor.format(epoch=client.epoch)})
    assert await client.until_closed() == 4005
    assert client.of_type("error")[0]["code"] == "sequence_lost"
    await client.connect()
    assert client.ready["recovered"] is True


async def test_a_stream_that_began_anew_or_ended(
    settings: Settings, connect: Connect, db: Db, alice: Subscriber, bob: Subscriber
) -> None:
    settings.HUB = {"head_check_interval": 0.2}
    client = await connect()
    await db(Stream.objects.filter(pk=alice.pk).update, epoch="anew")
    assert await client.until_closed() == 4005
    await client.connect()
    assert client.ready["recovered"] is False
    await db(Subscriber.objects.filter(pk=alice.pk).delete)
    assert await client.until_closed() == 4510


class Damage:
    """A third of what passes is lost, late or doubled."""

    def __init__(self) -> None:
        self._chance = random.Random(20)
        self._late: list[Any] = []

    def __call__(self, frames: Iterable[Any]) -> list[Any]:
        out: list[Any] = []
        for frame in frames:
            fate = self._chance.random()
            if fate < 0.12:
                self._late.append(frame)
            elif fate > 0.22:
                out.extend([frame] * (1 + (fate > 0.9)))
        if self._late and self._chance.random() < 0.4:
            out.append(self._late.pop(self._chance.randrange(len(self._late))))
        return out


async def live_through(client: HubClient, db: Db, tenant: Tenant) -> None:
    """Sixty changes, half of them new notifications, half of them marks of what the client has at the time."""
    chance = random.Random(7)
    for _ in range(60):
        if chance.random() < 0.5 or not client.inbox.items:
            await db(send, tenant, "alice")
        else:
            op = chance.choice(["seen", "read", "unread", "archive", "unarchive", "delete"])
            await client.send({"type": "mark", "id": "m", "op": op, "ids": [chance.choice(list(client.inbox.items))]})
        await asyncio.sleep(0.06)  # a client may send 20 frames a second


async def test_damage_on_the_way_to_the_edge_ends_in_the_state_of_a_fresh_fetch(
    settings: Settings, connect: Connect, db: Db, tenant: Tenant, alice: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HUB = {"head_check_interval": 0.5}
    monkeypatch.setattr(reference, "SYNC_AFTER", 60)  # the edge heals it, whatever a client would do
    damage, deliver = Damage(), live.publish
    monkeypatch.setattr(live, "publish", lambda frames: deliver(damage(frames)))
    tabs = [await connect(fetch=fetch_of(alice, db)) for _ in range(2)]
    await live_through(tabs[0], db, tenant)
    for tab in tabs:
        await settled(tab, db, alice)
        assert len(tab.of_type("batch")) > 3


async def test_damage_on_the_way_to_the_client_ends_in_the_state_of_a_fresh_fetch(
    settings: Settings, connect: Connect, db: Db, tenant: Tenant, alice: Subscriber
) -> None:
    settings.HUB = {"ping_interval": 0.5}
    damage = Damage()
    client = await connect(fetch=fetch_of(alice, db))
    client.tamper = lambda frame: damage([frame]) if frame["type"] in ("notification", "state") else [frame]
    await live_through(client, db, tenant)
    await settled(client, db, alice)
    assert client.syncs > 3
