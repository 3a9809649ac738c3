"""Transactions that notify the same two users in opposite orders, at once: no deadlock, no hole in any seq."""

import json

from tests.bench.report import Options, Report
from tests.bench.world import User, World, world


def run(options: Options) -> Report:
    report = Report("opposite_orders")
    pairs = 60 if options.short else 500
    with world(report, options, users=2, run=()) as its:
        before = _deadlocks(its)
        report.progress(f"{pairs} pairs of transactions, 8 pairs at a time")
        done = _notify(its, pairs)
        deadlocks = _deadlocks(its) - before
        report.check(deadlocks == 0, f"{deadlocks} deadlocks")
        report.check(not done["failures"], f"{len(done['failures'])} transactions failed: {done['failures'][:1]}")
        for user in its.users:
            _check_stream(its, report, user, expected=4 * pairs)
        failed = its.value("SELECT count(*) FROM hub_fanout WHERE failures > 0 OR error <> ''")
        report.check(failed == 0, f"{failed} fan-outs failed at least once")
        report.figure(
            f"{pairs} times two transactions in opposite orders in {done['seconds']:.1f} s: {deadlocks} deadlocks, "
            f"both streams 1 … {4 * pairs} without a hole"
        )
    return report


def _notify(its: World, pairs: int) -> dict[str, object]:
    output = its.folder / "opposite.json"
    its.hub.run("-m", "tests.chaos.opposite_process", "--pairs", str(pairs), "--output", str(output))
    done: dict[str, object] = json.loads(output.read_text())
    return done


def _deadlocks(its: World) -> int:
    """Of the whole server, which is ours alone. Sessions report theirs when they end or after a second."""
    its.rows("SELECT pg_sleep(1.2)")
    return int(its.value("SELECT sum(deadlocks) FROM pg_stat_database"))


def _check_stream(its: World, report: Report, user: User, *, expected: int) -> None:
    seqs = [
        row[0]
        for row in its.rows("SELECT seq FROM hub_inboxitem WHERE subscriber_id = %s ORDER BY seq", user.subscriber)
    ]
    holes = set(range(1, expected + 1)) - set(seqs)
    report.check(len(seqs) == expected, f"{user.id}: {len(seqs)} items, not {expected}")
    report.check(len(seqs) == len(set(seqs)), f"{user.id}: {len(seqs) - len(set(seqs))} seqs are doubled")
    report.check(not holes, f"{user.id}: {len(holes)} holes in seq")
    stream = its.rows("SELECT last_seq, unread, unseen FROM hub_stream WHERE subscriber_id = %s", user.subscriber)[0]
    report.check(stream == (expected,) * 3, f"{user.id}: last seq, unread and unseen are {stream}, not {expected}")
