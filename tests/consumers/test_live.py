"""What is committed is on every open screen at once."""

import asyncio
from typing import Any

import orjson
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from hub.audience.models import Subscriber
from hub.live import user_group
from hub.tenancy.models import Tenant
from tests.consumers.conftest import Connect, Db, fresh, token_of
from tests.support.factories import send


async def test_a_notification_reaches_every_tab(connect: Connect, db: Db, tenant: Tenant, alice: Subscriber) -> None:
    tabs = [await connect(), await connect()]
    await db(send, tenant, "alice", title="Hello Alice")
    for tab in tabs:
        await tab.until_last(1)
        assert [frame["item"]["title"] for frame in tab.of_type("notification")] == ["Hello Alice"]
        assert (tab.inbox.items, tab.inbox.counts, tab.cursor) == await db(fresh, alice)


async def test_nobody_else_hears_of_it(
    connect: Connect, db: Db, tenant: Tenant, bob: Subscriber, charlie: Subscriber
) -> None:
    strangers = [await connect(token=await db(token_of, who)) for who in (bob, charlie)]
    hers = await connect()
    await db(send, tenant, "alice")
    await hers.until_last(1)
    await asyncio.sleep(0.1)
    assert [frame["type"] for stranger in strangers for frame in stranger.frames] == ["ready", "ready"]


async def test_a_mark_reaches_both_tabs_and_its_receipt_comes_after_the_state(
    connect: Connect, db: Db, tenant: Tenant, alice: Subscriber
) -> None:
    here, there = await connect(), await connect()
    for _ in range(2):
        await db(send, tenant, "alice")
    await here.until_last(2)
    first, second = here.inbox.items
    receipt = await here.mark("read", first)
    assert receipt == {"type": "receipt", "id": "m1", "seq": 3, "changed": 1, "counts": {"unread": 1, "unseen": 1}}
    assert [frame["type"] for frame in here.frames[-2:]] == ["state", "receipt"]
    assert here.of_type("state")[0]["origin"] == here.ready["session"]
    assert (await here.mark("archive", second))["seq"] == 4
    await there.until_last(4)
    for tab in (here, there):
        assert (tab.inbox.items, tab.inbox.counts, tab.cursor) == await db(fresh, alice)


async def test_a_mark_that_makes_no_sense_is_answered_and_survived(connect: Connect, db: Db, tenant: Tenant) -> None:
    client = await connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    refused = await client.mark("love", *client.inbox.items)
    assert (refused["type"], refused["code"], refused["status"]) == ("error", "invalid_request", 422)
    assert (await client.mark("seen", *client.inbox.items))["changed"] == 1


async def test_what_a_mark_does_not_know_is_ignored_however_deep(connect: Connect, db: Db, tenant: Tenant) -> None:
    client = await connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    first = await client.mark("seen", *client.inbox.items, key="once", from_the_future=deep)
    again = await client.mark("seen", *client.inbox.items, key="once")
    assert (first["changed"], first["seq"]) == (again["changed"], again["seq"]) == (1, 2)


async def test_marks_are_carried_out_in_order(connect: Connect, db: Db, tenant: Tenant) -> None:
    client = await connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    (item_id,) = client.inbox.items
    ops = ["read", "unread"] * 8
    receipts = await asyncio.gather(*(client.mark(op, item_id) for op in ops))
    assert [receipt["seq"] for receipt in receipts] == list(range(2, 18))


async def test_strangers_cannot_mark_what_is_not_theirs(
    connect: Connect, db: Db, tenant: Tenant, charlie: Subscriber
) -> None:
    hers, his = await connect(), await connect(token=await db(token_of, charlie))
    await db(send, tenant, "alice")
    await hers.until_last(1)
    assert (await his.mark("delete", *hers.inbox.items))["changed"] == 0


async def test_anybodys_group_send_is_forwarded_as_it_is(connect: Connect, db: Db, alice: Subscriber) -> None:
    client = await connect()
    layer = get_channel_layer()
    for frame in ({"type": "typing", "who": "bob"}, orjson.dumps({"type": "typing", "who": "bob"})):
        await db(async_to_sync(layer.group_send), user_group(alice.pk), {"type": "hub.frame", "frame": frame})
    await db(async_to_sync(layer.group_send), user_group(alice.pk), {"type": "somebody.elses"})
    await client.until(lambda: len(client.frames) == 3)
    assert client.frames[1:] == [{"type": "typing", "who": "bob"}] * 2


async def test_a_burst_arrives_whole_and_in_order(connect: Connect, db: Db, tenant: Tenant, alice: Subscriber) -> None:
    client = await connect()
    for number in range(100):
        await db(send, tenant, "alice", title=f"{number}")
    await client.until_last(100)
    assert [frame["item"]["title"] for frame in client.of_type("notification")] == [f"{n}" for n in range(100)]
    assert client.syncs == 0
