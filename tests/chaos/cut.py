"""A socket is cut while notifications arrive, and resumed with its cursor: exactly those, in order, counts right."""

import asyncio
from typing import Any

from tests.bench.report import Options, Report
from tests.bench.world import User, World, world
from tests.chaos.load import Burst
from tests.support.client import Frame, HubClient

MARKS, MARKED = 5, 10  # marks made while the socket is away, and the items of each
PATIENCE = 60.0


def run(options: Options) -> Report:
    report = Report("cut")
    size = 200 if options.short else 1000
    with world(report, options, users=2, run=("web",)) as its:
        asyncio.run(_once(its, report, its.users[0], size))
        asyncio.run(_twice(its, report, its.users[1], size))
    return report


class Listener:
    """A client that notes what it applies, never reads by REST, and can lose the network after some batches."""

    def __init__(self, its: World, user: User) -> None:
        self.applied: list[tuple[int, str]] = []
        self.batches = 0
        self.fetched = 0
        self.cut_after: int | None = None
        self.client: HubClient = its.client(user, tamper=self._on_frame, fetch=self._no_fetch)

    @property
    def is_cut(self) -> bool:
        return self.cut_after is not None and self.batches >= self.cut_after

    def _on_frame(self, frame: Frame) -> list[Frame]:
        if self.is_cut:
            return []
        items = (
            frame["items"] if frame["type"] == "batch" else [frame["item"]] if frame["type"] == "notification" else []
        )
        self.applied += [(item["seq"], item["id"]) for item in items if item["seq"] > self.client.inbox.last]
        self.batches += frame["type"] == "batch"
        return [frame]

    async def _no_fetch(self, item_id: str) -> None:
        self.fetched += 1


async def _once(its: World, report: Report, user: User, size: int) -> None:
    listener = Listener(its, user)
    client = await listener.client.connect()
    burst = Burst(its, user, size)
    sending = asyncio.create_task(asyncio.to_thread(burst.run))
    await client.until_last(size // 5, PATIENCE)
    await client.cut()
    at_cut = client.inbox.last
    while burst.accepted < size * 9 // 10 and not sending.done():  # noqa: ASYNC110 a thread counts it up
        await asyncio.sleep(0.02)
    await client.connect()
    caught_up = client.inbox.last, listener.batches
    await sending
    await _wait(report, client, size, "one cut")
    report.progress(f"one cut: cut at seq {at_cut}, resumed at {client.ready.get('cursor')}")
    _compare(its, report, user, listener, size, unread=size, label="one cut")
    ids = [
        row[0]
        for row in its.rows("SELECT id::text FROM hub_inboxitem WHERE subscriber_id = %s ORDER BY seq", user.subscriber)
    ]
    report.check([item for _, item in listener.applied] == ids, "one cut: items are missing, doubled or out of order")
    report.check(
        client.ready.get("recovered") is True and caught_up is not None, "one cut: the resume was not recovered"
    )
    report.figure(
        f"cut at {at_cut} of {size}, resumed while the rest arrived: {len(client.inbox.items)} items, each once and in "
        f"order, {listener.batches} batches, {listener.fetched} REST calls"
    )
    await client.close()


async def _twice(its: World, report: Report, user: User, size: int) -> None:
    """The second cut falls amid the batches of the first resume. Meanwhile marks move some items behind the others."""
    listener = Listener(its, user)
    client = await listener.client.connect()
    burst = Burst(its, user, size)
    sending = asyncio.create_task(asyncio.to_thread(burst.run))
    await client.until_last(size // 10, PATIENCE)
    await client.cut()
    await sending
    await asyncio.to_thread(_mark_some, its, user)
    listener.cut_after = 1 if size <= 200 else 4
    await client.connect(ready=False)
    await client.until(lambda: listener.is_cut, PATIENCE)
    await client.cut()
    at_second_cut = client.inbox.last
    listener.cut_after = None
    await client.connect()
    await _wait(report, client, size + MARKS, "two cuts")
    report.check(at_second_cut < size, f"two cuts: the second was not amid the batches, but at {at_second_cut}")
    _compare(its, report, user, listener, size, unread=size - MARKS * MARKED, label="two cuts")
    seqs = [seq for seq, _ in listener.applied]
    report.check(seqs == sorted(seqs), "two cuts: items are out of order")
    report.figure(
        f"cut again at {at_second_cut} of {size + MARKS}, amid the batches: {len(client.inbox.items)} items in their "
        f"latest state, {listener.fetched} REST calls"
    )
    await client.close()


async def _wait(report: Report, client: HubClient, head: int, label: str) -> None:
    try:
        await client.until_last(head, PATIENCE)
    except AssertionError:
        report.check(False, f"{label}: the client stays at {client.inbox.last} of {head}")


def _mark_some(its: World, user: User) -> None:
    """Read some of the oldest: their change is now newer than all others."""
    ids = [
        row[0]
        for row in its.rows(
            "SELECT id::text FROM hub_inboxitem WHERE subscriber_id = %s ORDER BY seq LIMIT %s",
            user.subscriber,
            MARKS * MARKED,
        )
    ]
    with its.api(user) as api:
        for start in range(0, len(ids), MARKED):
            api.good("POST", "/inbox/mark", {"op": "read", "ids": ids[start : start + MARKED]})


def _compare(its: World, report: Report, user: User, listener: Listener, size: int, *, unread: int, label: str) -> None:
    """The client's state with the record, read by the check afterwards."""
    client = listener.client
    with its.api(user) as api:
        items, counts, head = api.whole_inbox()
    held: dict[str, Any] = client.inbox.items
    report.check(len(items) == size, f"{label}: the record has {len(items)} items, not {size}")
    missing, strange = items.keys() - held.keys(), held.keys() - items.keys()
    report.check(not missing, f"{label}: {len(missing)} of {size} items are missing")
    report.check(not strange, f"{label}: {len(strange)} items are strange")
    stale = [key for key in items.keys() & held.keys() if items[key] != held[key]]
    report.check(not stale, f"{label}: {len(stale)} items are not in their latest state")
    expected = {"unread": unread, "unseen": unread}
    report.check(client.inbox.counts == counts == expected, f"{label}: counts {client.inbox.counts}, record {counts}")
    report.check(client.inbox.last == head, f"{label}: the client is at {client.inbox.last}, the record at {head}")
    report.check(listener.fetched == 0, f"{label}: {listener.fetched} REST calls")
