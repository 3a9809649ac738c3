"""Frames reordered, doubled and lost between publisher and edge: the client's state equals a fresh fetch in 15 s."""

import asyncio
import json
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.report import Options, Report
from tests.bench.world import User, World, world
from tests.chaos.changed import settings
from tests.support.client import HubClient

LIMIT = 15.0
PACE = 0.05  # seconds between two changes
OPS = ("seen", "read", "unread", "archive", "unarchive", "snooze", "unsnooze", "delete", "act")


def run(options: Options) -> Report:
    report = Report("frames")
    changes = 60 if options.short else 400
    # the short form is not to wait for the product's 10 s
    faster = {"head_check_interval": 2.0} if options.short else {}
    environment = settings("tests.chaos.mangling.ManglingLayer", **faster)
    with world(report, options, users=1, run=(), **environment) as its:
        its.hub.environment["CHAOS_TALLY"] = str(its.folder)
        its.hub.start("web")
        asyncio.run(_check(its, report, its.users[0], changes))
        _show(report, its.folder)
    return report


async def _check(its: World, report: Report, user: User, changes: int) -> None:
    tabs = [await its.client(user, fetch=partial(_fetch, its, user)).connect() for _ in range(2)]
    report.progress(f"{changes} changes to two tabs, their frames lost, doubled and delayed")
    await asyncio.to_thread(_change, its, user, changes)
    began = time.monotonic()
    times = [await _time_to_equal(its, report, user, tab, began, f"tab {number}") for number, tab in enumerate(tabs, 1)]
    for number, tab in enumerate(tabs, 1):
        report.check(tab.code is None, f"tab {number}: the socket was closed with {tab.code}")
    shown = ", ".join(f"{seconds:.1f} s" for seconds in times)
    report.figure(
        f"{changes} changes, the last frame lost: both tabs equal a fresh fetch after {shown} (≤ {LIMIT:.0f} s)"
    )
    report.figure(
        f"by {sum(len(tab.of_type('batch')) for tab in tabs)} batches and {sum(tab.syncs for tab in tabs)} syncs"
    )
    for tab in tabs:
        await tab.close()


def _change(its: World, user: User, changes: int) -> None:
    """Notifications and marks in turn, by REST; the last is a notification whose frame gets lost."""
    dice = random.Random(7)
    with its.api() as server, its.api(user) as own:
        for number in range(changes - 1):
            if number % 2 == 0 or number < 10:
                server.notify(user.id, f"Number {number}", tags=["chaos"])
            else:
                own.good("POST", "/inbox/mark", _mark(its, user, dice))
            time.sleep(PACE)
        server.notify(user.id, "The lost tail")


def _mark(its: World, user: User, dice: random.Random) -> dict[str, Any]:
    ids = [row[0] for row in its.rows("SELECT id::text FROM hub_inboxitem WHERE subscriber_id = %s", user.subscriber)]
    mark: dict[str, Any] = {"op": dice.choice(OPS), "ids": dice.sample(ids, min(len(ids), dice.randint(1, 4)))}
    if mark["op"] == "snooze":
        mark["until"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    if mark["op"] == "act":
        mark["action"] = "approve"
    return mark


async def _time_to_equal(its: World, report: Report, user: User, tab: HubClient, began: float, label: str) -> float:
    """Seconds until the tab holds what a fresh fetch gives."""
    while True:
        difference = await asyncio.to_thread(_difference, its, user, tab)
        elapsed = time.monotonic() - began
        if not difference:
            return elapsed
        if elapsed > LIMIT:
            report.check(False, f"{label} after {LIMIT:.0f} s: {difference}")
            return elapsed
        await asyncio.sleep(0.1)


def _difference(its: World, user: User, tab: HubClient) -> str:
    """Empty when the tab's state equals a fresh fetch."""
    with its.api(user) as api:
        items, counts, head = api.whole_inbox()
    if tab.inbox.last != head:
        return f"it is at {tab.inbox.last}, the record at {head}"
    if tab.inbox.counts != counts:
        return f"it counts {tab.inbox.counts}, the record {counts}"
    held = dict(tab.inbox.items)
    different = [key for key in items.keys() | held.keys() if items.get(key) != held.get(key)]
    return f"{len(different)} items differ" if different else ""


async def _fetch(its: World, user: User, item_id: str) -> dict[str, Any] | None:
    def fetch() -> dict[str, Any] | None:
        with its.api(user) as api:
            status, item = api.call("GET", f"/inbox/{item_id}")
            return item if status == 200 else None

    return await asyncio.to_thread(fetch)


def _show(report: Report, folder: Path) -> None:
    tally: Counter[str] = Counter()
    for file in folder.glob("tally-*.json"):
        tally += Counter(json.loads(file.read_text()))
    for kind in ("lost", "doubled", "delayed"):
        report.check(tally[kind] > 0, f"no frame was {kind}: nothing was tested")
    report.figure(", ".join(f"{count} {kind}" for kind, count in sorted(tally.items())))
