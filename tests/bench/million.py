"""What every list costs with a million inbox items, from the plans of the statements that the real code sends.

A page looks at so many rows at most, whatever it filters by and however many there are: its index finds them, and what has
no index is looked for in a stretch of one. Nothing reads a big table from end to end.
"""

import json
from typing import Any

from tests.bench.report import Options, Report
from tests.bench.world import world

FULL, SHORT = 1_000_000, 40_000
STATEMENTS = 15  # a page, sessions, keys and permissions included: one more a row would be fifty more
# rows that the scans of a page look at: a stretch of 1,000, where it ends, and what is joined to it
ROWS = 3_500


def run(options: Options) -> Report:
    report = Report("million")
    items = SHORT if options.short else FULL
    with world(report, options, users=0, run=()) as its:
        output = its.folder / "million.json"
        report.progress(f"making {items:,} items, and asking for every list")
        its.hub.run("-m", "tests.bench.million_process", "--items", str(items), "--output", str(output))
        found = json.loads(output.read_text())
    report.progress(f"{found['items']:,} items")
    for group in dict.fromkeys(answer["group"] for answer in found["answers"]):
        _show(report, group, [answer for answer in found["answers"] if answer["group"] == group])
    for answer in found["answers"]:
        _judge(report, answer)
    return report


def _judge(report: Report, cost: dict[str, Any]) -> None:
    name = cost["name"]
    report.check(not cost["whole"], f"{name} reads all of {', '.join(cost['whole'])} ({cost['milliseconds']:.0f} ms)")
    report.check(cost["read"] <= ROWS, f"{name} looks at {cost['read']:,} rows ({ROWS:,})")
    report.check(cost["sorted"] <= ROWS, f"{name} sorts {cost['sorted']:,} rows ({ROWS:,})")
    report.check(cost["statements"] <= STATEMENTS, f"{name} takes {cost['statements']} statements ({STATEMENTS})")


def _show(report: Report, group: str, costs: list[dict[str, Any]]) -> None:
    """The group in one line; its first page and that which looks at most rows, with how they read the hub's tables."""
    times = sorted(cost["milliseconds"] for cost in costs)
    report.figure(
        f"{group}: {len(costs)} pages, median {times[len(times) // 2]:.1f} ms in PostgreSQL, at most {times[-1]:.1f} ms, "
        f"{max(cost['statements'] for cost in costs)} statements and {max(cost['read'] for cost in costs):,} rows"
    )
    dearest = max(costs, key=lambda cost: cost["read"])
    for cost in (costs[0], dearest) if dearest is not costs[0] else costs[:1]:
        report.figure(f"    {cost['name'][:100]}: {cost['read']:,} rows, {cost['milliseconds']:.1f} ms")
        for scan in cost["scans"]:
            report.figure(f"        {scan}")
