"""Two web processes are restarted one after the other under their sockets: nothing is lost or doubled, no stampede."""

import asyncio
import random
import time
from collections.abc import Callable
from itertools import count as counter

from tests.bench.api import Api
from tests.bench.report import Options, Report
from tests.bench.world import User, World, world
from tests.chaos.changed import settings
from tests.support.client import HubClient

GROUP = 20  # users whom one notification is for: so few are fanned out in the request
PACE = 0.1  # seconds between two notifications
PATIENCE = 60.0
BUCKETS = 10
MOST = 0.3  # of all reconnects in a tenth of the window
LEAST = 5.0  # seconds of the shortest window
LATE = 5.0  # seconds after the window within which the last one is back
PROCESSES = ("web", "web-2")
# what a client waits that was sent nowhere in particular, in milliseconds: the first step of the SDK's backoff
UNTOLD = (0, 500)


def run(options: Options) -> Report:
    report = Report("rolling_restart")
    sockets = 100 if options.short else 2_000
    environment = settings(connections_per_address=2 * sockets)
    with world(report, options, users=sockets, run=PROCESSES, **environment) as its:
        asyncio.run(_check(its, report))
    return report


class Roamer:
    """A client of either process. When its socket is closed it goes to the other one, at a moment that it was told."""

    def __init__(self, its: World, user: User, home: int) -> None:
        self.user = user
        self.client: HubClient = its.client(user)
        self.window: tuple[int, int] | None = None
        self.back_after: float | None = None
        self._urls = [its.hub.url_of(name).replace("http", "ws", 1) + "/api/v1/ws" for name in PROCESSES]
        self._at = home

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.client.url = self._urls[self._at]
            await self.client.connect()
            await self.client.until(lambda: self.client.code is not None, seconds=3_600)
            closed_at = time.monotonic()
            told = self.client.frames[-1]
            self.window = tuple(told["retry_ms"]) if told["type"] == "goaway" else None
            await asyncio.sleep(random.uniform(*(self.window or UNTOLD)) / 1000)
            self._at = 1 - self._at
            await self.client.close()
            self.back_after = time.monotonic() - closed_at

    @property
    def is_up(self) -> bool:
        return bool(self.client.ready) and self.client.code is None

    def items(self) -> list[str]:
        """The id of every item that was sent here, as often as it was."""
        batches = [item for frame in self.client.of_type("batch") for item in frame["items"]]
        return [item["id"] for item in [*(frame["item"] for frame in self.client.of_type("notification")), *batches]]


async def _check(its: World, report: Report) -> None:
    roamers = [Roamer(its, user, number % 2) for number, user in enumerate(its.users)]
    tasks = [asyncio.create_task(roamer.run()) for roamer in roamers]
    await _until(report, lambda: all(roamer.is_up for roamer in roamers), "not all sockets opened")
    report.progress(f"{len(roamers)} sockets on two processes")
    for name, other in (PROCESSES, PROCESSES[::-1]):
        await _restart(its, report, roamers, name, other)
    await _judge(its, report, roamers)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(roamer.client.close() for roamer in roamers))


async def _restart(its: World, report: Report, roamers: list[Roamer], name: str, other: str) -> None:
    """SIGTERM to one process; notifications go on through the other; then the first is started again."""
    for roamer in roamers:
        roamer.back_after = None
    url = its.hub.url_of(name)
    moved = [roamer for roamer in roamers if roamer.client.url.startswith(url.replace("http", "ws", 1))]
    over = asyncio.Event()
    sending = asyncio.create_task(asyncio.to_thread(_send, its, other, over))
    await asyncio.sleep(1)
    began = time.monotonic()
    await asyncio.to_thread(its.hub.children[name].stop)
    await _until(report, lambda: all(r.back_after is not None and r.is_up for r in moved), f"{name}: not all came back")
    elapsed = time.monotonic() - began
    await asyncio.sleep(1)
    over.set()
    sent = await sending
    _histogram(report, name, moved, elapsed, sent)
    await asyncio.to_thread(its.hub.start, name)


def _send(its: World, name: str, over: asyncio.Event) -> int:
    numbers = counter()
    with Api(its.hub.url_of(name), its.api_key) as api:
        while not over.is_set():
            number = next(numbers)
            start = number * GROUP % len(its.users)
            api.notify([user.id for user in its.users[start : start + GROUP]], f"Number {number}")
            time.sleep(PACE)
    return next(numbers)


def _histogram(report: Report, name: str, moved: list[Roamer], elapsed: float, sent: int) -> None:
    """How the reconnects lie in the window that was announced."""
    told = {roamer.window for roamer in moved}
    report.check(len(told) == 1 and None not in told, f"{name}: the reconnects were announced as {told}")
    window = max([LEAST, *(roamer.window[1] / 1000 for roamer in moved if roamer.window)])
    buckets = [0] * BUCKETS
    for roamer in moved:
        buckets[min(int((roamer.back_after or 0) / window * BUCKETS), BUCKETS - 1)] += 1
    share = max(buckets) / len(moved)
    report.check(share <= MOST, f"{name}: {share:.0%} of the reconnects came within a tenth of the time: {buckets}")
    report.check(elapsed <= window + LATE, f"{name}: the last one was back after {elapsed:.1f} s, told {window:.0f} s")
    report.figure(
        f"{name}: {len(moved)} sockets went elsewhere within {elapsed:.1f} s (told: {window:.0f} s), "
        f"in tenths {' '.join(map(str, buckets))}; {sent} notifications to {GROUP} each meanwhile"
    )


async def _judge(its: World, report: Report, roamers: list[Roamer]) -> None:
    rows = its.rows("SELECT subscriber_id::text, id::text FROM hub_inboxitem")
    owed: dict[str, set[str]] = {user.subscriber: set() for user in its.users}
    for subscriber, item in rows:
        owed[subscriber].add(item)
    has_all = [lambda r=roamer: r.client.inbox.last >= len(owed[r.user.subscriber]) for roamer in roamers]
    await _until(report, lambda: all(so() for so in has_all), "some sockets stay behind")
    lost = sum(len(owed[roamer.user.subscriber] - set(roamer.items())) for roamer in roamers)
    doubled = sum(len(roamer.items()) - len(set(roamer.items())) for roamer in roamers)
    report.check(len(rows) > 0 and lost == 0, f"{lost} of {len(rows)} items were not sent to their socket")
    report.check(doubled == 0, f"{doubled} of {len(rows)} items were sent twice")
    report.figure(f"{len(rows)} items, {lost} lost, {doubled} doubled")


async def _until(report: Report, happened: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            report.check(False, problem)
            return
        await asyncio.sleep(0.05)
