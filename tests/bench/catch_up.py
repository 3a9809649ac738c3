"""How long a client that missed 1,000 changes takes to have them, beside one plain query for the same rows."""

import asyncio
import time

from tests.bench.report import Options, Report, percentile
from tests.bench.world import World, world
from tests.chaos.load import Burst

CHANGES = 1_000
RATIO = 4.0  # from hello to the last batch, the reference client's own decoding included
PLAIN = """
SELECT to_jsonb(i), n.content FROM hub_inboxitem i JOIN hub_notification n ON n.id = i.notification_id
WHERE i.subscriber_id = %s AND i.seq > 0 ORDER BY i.seq, i.id
"""


def run(options: Options) -> Report:
    report = Report("catch_up")
    rounds = 10 if options.short else 30
    with world(report, options, users=1, run=("web",)) as its:
        report.progress(f"making {CHANGES} changes")
        Burst(its, its.users[0], CHANGES).run()
        epoch = its.value("SELECT epoch FROM hub_stream WHERE subscriber_id = %s", its.users[0].subscriber)
        report.progress(f"resuming {rounds} times")
        asyncio.run(_measure(its, report, f"{epoch}:0", rounds))
    return report


async def _measure(its: World, report: Report, cursor: str, rounds: int) -> None:
    times, firsts, plain = [], [], []
    for _ in range(rounds):
        plain.append(_query(its))
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
    first, last, alone = (percentile(taken, 0.5) * 1000 for taken in (firsts, times, plain))
    report.figure(
        f"{CHANGES} missed changes: first batch after {first:.0f} ms, the last after {last:.0f} ms "
        f"(medians of {rounds}, slowest {max(times) * 1000:.0f} ms)"
    )
    report.figure(f"one plain query for their rows: {alone:.1f} ms: ratio {last / alone:.1f} (≤ {RATIO})")
    report.check(last <= RATIO * alone, f"the ratio is {last / alone:.1f}")


def _query(its: World) -> float:
    """Seconds for the rows themselves, read by nobody else's code."""
    began = time.perf_counter()
    rows = its.rows(PLAIN, its.users[0].subscriber)
    taken = time.perf_counter() - began
    assert len(rows) == CHANGES
    return taken
