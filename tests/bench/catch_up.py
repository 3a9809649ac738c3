"""How long a client that missed 1,000 changes takes to have them, from its hello to the last batch."""

import asyncio
import time

from tests.bench.report import Options, Report, percentile
from tests.bench.world import World, world
from tests.chaos.load import Burst

CHANGES = 1_000
LIMIT = 0.25  # seconds, the reference client's own decoding included


def run(options: Options) -> Report:
    report = Report("catch_up")
    rounds = 5 if options.short else 30
    with world(report, options, users=1, run=("web",)) as its:
        report.progress(f"making {CHANGES} changes")
        Burst(its, its.users[0], CHANGES).run()
        epoch = its.value("SELECT epoch FROM hub_stream WHERE subscriber_id = %s", its.users[0].subscriber)
        report.progress(f"resuming {rounds} times")
        asyncio.run(_measure(its, report, f"{epoch}:0", rounds))
    return report


async def _measure(its: World, report: Report, cursor: str, rounds: int) -> None:
    times, firsts = [], []
    for _ in range(rounds):
        client = its.client(its.users[0], cursor=cursor)
        await client.dial()
        began = time.perf_counter()
        await client.send({"type": "hello", "client": "bench/1", "token": client.token, "cursor": cursor})
        await client.until(lambda: bool(client.of_type("batch")), 30)  # noqa: B023 awaited here
        firsts.append(time.perf_counter() - began)
        await client.until_last(CHANGES, 30)
        times.append(time.perf_counter() - began)
        report.check(len(client.inbox.items) == CHANGES, f"{len(client.inbox.items)} items instead of {CHANGES}")
        await client.close()
    p50, slowest = percentile(times, 0.5), max(times)
    report.figure(
        f"{CHANGES} missed changes: first batch after {percentile(firsts, 0.5) * 1000:.0f} ms, the last after "
        f"{p50 * 1000:.0f} ms (median of {rounds}, slowest {slowest * 1000:.0f} ms; ≤ {LIMIT * 1000:.0f})"
    )
    report.check(p50 <= LIMIT, f"the median is {p50 * 1000:.0f} ms")
