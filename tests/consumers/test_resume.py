"""A client that comes back gets exactly what it missed, or is told that it can't."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from consumers import edge
from hub.audience.models import Stream, Subscriber
from hub.tenancy.models import Tenant
from tests.consumers.conftest import Connect, Db, Server, fresh
from tests.support.client import HubClient
from tests.support.factories import send


def send_many(tenant: Tenant, count: int) -> None:
    for number in range(count):
        send(tenant, "alice", title=f"{number}")


async def test_what_was_missed_comes_in_batches_of_a_hundred_in_order(
    connect: Connect, db: Db, tenant: Tenant, alice: Subscriber
) -> None:
    client = await connect()
    await client.cut()
    await db(send_many, tenant, 230)
    await client.connect()
    await client.until_last(230)
    batches = client.of_type("batch")
    assert [(len(batch["items"]), batch["more"]) for batch in batches] == [(100, True), (100, True), (30, False)]
    assert [item["title"] for batch in batches for item in batch["items"]] == [f"{n}" for n in range(230)]
    assert {batch["head"] for batch in batches} == {230}
    assert (client.inbox.counts, client.cursor) == (await db(fresh, alice))[1:]


async def test_who_missed_nothing_gets_an_empty_batch(connect: Connect, db: Db, tenant: Tenant) -> None:
    client = await connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    await client.cut()
    await client.connect()
    await client.until(lambda: bool(client.of_type("batch")))
    assert client.of_type("batch") == [
        {"type": "batch", "items": [], "head": 1, "counts": {"unread": 1, "unseen": 1}, "more": False}
    ]


async def test_a_cut_in_the_middle_of_the_batches_loses_nothing(
    connect: Connect, db: Db, tenant: Tenant, alice: Subscriber
) -> None:
    client = await connect()
    await client.cut()
    await db(send_many, tenant, 150)
    seen = 0

    def only_the_first_batch(frame: dict[str, object]) -> list[dict[str, object]]:
        nonlocal seen
        seen += frame["type"] == "batch"
        return [frame] if seen < 2 else []

    client.tamper = only_the_first_batch
    await client.connect()
    await client.until_last(100)
    await client.cut()
    client.tamper = lambda frame: [frame]
    await client.connect()
    await client.until_last(150)
    assert len(client.inbox.items) == 150
    assert (client.inbox.counts, client.cursor) == (await db(fresh, alice))[1:]


async def test_tombstones_and_the_latest_state_are_in_the_catch_up(
    connect: Connect, db: Db, tenant: Tenant, alice: Subscriber
) -> None:
    away, here = await connect(), await connect()
    await db(send_many, tenant, 4)
    await away.until_last(4)
    await away.cut()
    await here.until_last(4)
    deleted, read, archived, _ = here.inbox.items
    await here.mark("delete", deleted)
    await here.mark("read", read)
    await here.mark("archive", archived)
    await here.mark("unread", read)
    await away.connect()
    await away.until_last(8)
    assert (away.inbox.items, away.inbox.counts, away.cursor) == await db(fresh, alice)


@pytest.mark.parametrize("cursor", ["ffffffff:1", "{epoch}:99", "what:1"])
async def test_a_cursor_that_leads_nowhere(connect: Connect, db: Db, tenant: Tenant, cursor: str) -> None:
    first = await connect()
    await db(send, tenant, "alice")
    await first.until_last(1)
    other = await connect(cursor=cursor.format(epoch=first.epoch))
    assert (other.ready["recovered"], other.ready["cursor"]) == (False, first.cursor)
    await db(send, tenant, "alice")
    await other.until_last(2)
    assert not other.of_type("batch")


async def test_a_cursor_that_is_none(connect: Connect, server: Server, alice_token: str) -> None:
    client = await HubClient(server.url).dial()
    await client.send({"type": "hello", "token": alice_token, "cursor": "from the future"})
    await client.until(lambda: bool(client.ready))
    assert client.ready["recovered"] is False
    await client.close()


async def test_below_the_floor_and_too_far_behind(
    settings: Settings, connect: Connect, db: Db, tenant: Tenant, alice: Subscriber
) -> None:
    settings.HUB = {"catch_up_limit": 3}
    first = await connect()
    await db(send_many, tenant, 5)
    await first.until_last(5)
    for last, recovered in ((1, False), (2, True)):
        assert (await connect(cursor=f"{first.epoch}:{last}")).ready["recovered"] is recovered
    await db(Stream.objects.filter(pk=alice.pk).update, floor_seq=3)
    assert (await connect(cursor=f"{first.epoch}:2")).ready["recovered"] is False


@pytest.fixture
def after_each_read(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """What is put here happens between a read and its answer, once."""
    actions: list[Callable[[], Any]] = []
    catch_up = edge.catch_up

    def read_then_act(*args: Any) -> Any:
        answers = catch_up(*args)
        while actions:
            actions.pop()()
            time.sleep(0.2)
        return answers

    monkeypatch.setattr(edge, "catch_up", read_then_act)
    return actions


async def test_what_happens_during_the_hello_is_not_missed(
    settings: Settings,
    after_each_read: list[Callable[[], Any]],
    connect: Connect,
    db: Db,
    tenant: Tenant,
    alice: Subscriber,
) -> None:
    settings.HUB = {"head_check_interval": 60}
    after_each_read.append(lambda: send(tenant, "alice"))
    client = await connect()
    await client.until_last(1, 2)
    assert [frame["type"] for frame in client.frames] == ["ready", "notification"]
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)


async def test_live_frames_wait_for_the_batches_of_a_read(
    after_each_read: list[Callable[[], Any]], connect: Connect, tenant: Tenant
) -> None:
    client = await connect()
    after_each_read.append(lambda: send(tenant, "alice"))
    await client.sync()
    await client.until_last(1)
    assert [frame["type"] for frame in client.frames] == ["ready", "batch", "notification"]
