"""From a REST call to the frame on the socket, on an idle machine; and the row is committed before the frame leaves."""

import asyncio
import gc
import time
from dataclasses import dataclass, field

from tests.bench.api import Api
from tests.bench.report import Options, Report, percentile
from tests.bench.world import World, world
from tests.support.client import Frame

P50, P99 = 0.010, 0.050
RATE = 20  # calls a second
WARM_UP = 20
PATIENCE = 30.0  # seconds for the frame of one call


@dataclass
class Frames:
    """When each frame came, by title; and whether another connection saw its row at that moment."""

    its: World
    at: dict[str, float] = field(default_factory=dict)
    uncommitted: list[str] = field(default_factory=list)

    def take(self, frame: Frame) -> list[Frame]:
        now = time.perf_counter()
        items = [frame["item"]] if frame["type"] == "notification" else frame.get("items", [])
        for item in items:
            self.at.setdefault(item["title"], now)
            if not self.its.rows("SELECT 1 FROM hub_inboxitem WHERE id = %s", item["id"]):
                self.uncommitted.append(item["title"])
        return [frame]


def run(options: Options) -> Report:
    report = Report("latency")
    calls = 60 if options.short else 500
    with world(report, options, users=1) as its:
        asyncio.run(_measure(its, report, calls))
    return report


async def _measure(its: World, report: Report, calls: int) -> None:
    frames = Frames(its)
    client = await its.client(its.users[0], tamper=frames.take).connect()
    report.progress(f"{calls} calls, {RATE} a second")
    gc.disable()  # the figure is the hub's, not that of a collection in here
    with its.api() as api:
        for number in range(WARM_UP):
            await _call(its, api, f"Warm-up {number}")
        calls_at = {f"Call {number}": await _call(its, api, f"Call {number}") for number in range(calls)}
    gc.enable()
    deadline = time.monotonic() + PATIENCE
    while calls_at.keys() - frames.at.keys() and time.monotonic() < deadline:  # noqa: ASYNC110 it is filled elsewhere
        await asyncio.sleep(0.05)
    await client.close()
    _judge(report, frames, calls_at)


async def _call(its: World, api: Api, title: str) -> float:
    """When the call began."""
    await asyncio.sleep(1 / RATE)
    began = time.perf_counter()
    await asyncio.to_thread(api.notify, its.users[0].id, title)
    return began


def _judge(report: Report, frames: Frames, calls_at: dict[str, float]) -> None:
    lost = calls_at.keys() - frames.at.keys()
    times = [frames.at[title] - began for title, began in calls_at.items() if title in frames.at]
    p50, p99 = (percentile(times or [PATIENCE], share) for share in (0.5, 0.99))
    report.figure(
        f"REST call to frame: p50 {p50 * 1000:.1f} ms (≤ {P50 * 1000:.0f}), p99 {p99 * 1000:.1f} ms "
        f"(≤ {P99 * 1000:.0f}), slowest of {len(times)}: {max(times, default=PATIENCE) * 1000:.1f} ms"
    )
    early = len(frames.uncommitted)
    report.figure(f"row seen by another connection when its frame came: {len(frames.at) - early} of {len(frames.at)}")
    report.check(not lost, f"{len(lost)} frames never came")
    report.check(p50 <= P50, f"p50 is {p50 * 1000:.1f} ms")
    report.check(p99 <= P99, f"p99 is {p99 * 1000:.1f} ms")
    report.check(not early, f"{early} frames came before their row was committed")
