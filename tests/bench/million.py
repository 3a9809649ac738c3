"""What every list costs with a million inbox items, from the plans of the statements that the real code sends.

A page may look at so many rows, however many there are: that is what an index is for. An inbox that is filtered by event
or tag reads down its own list; an admin's filter looks back a bounded way; a search takes the newest that it finds.
"""

import json
from typing import Any

from tests.bench.report import Options, Report
from tests.bench.world import world

FULL, SHORT = 1_000_000, 40_000
STATEMENTS = 15  # a page, sessions, keys and permissions included: one more a row would be fifty more
# rows that the scans of a page look at
PAGE = 2_500
LOOK_BACK = 45_000
OWN = 250_000  # the busiest subscriber's 100,000 items with their notifications
BY_INDEX = ("&subscriber=", "?q=", "?tenant__", "?created=", "?older_than=")


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
    most = _most(name)
    report.check(not cost["whole"], f"{name} reads all of {', '.join(cost['whole'])} ({cost['milliseconds']:.0f} ms)")
    report.check(cost["read"] <= most, f"{name} looks at {cost['read']:,} rows ({most:,})")
    report.check(cost["sorted"] <= most, f"{name} sorts {cost['sorted']:,} rows ({most:,})")
    report.check(cost["statements"] <= STATEMENTS, f"{name} takes {cost['statements']} statements ({STATEMENTS})")


def _most(name: str) -> int:
    if "?" in name and "/inbox" not in name and not any(part in name for part in BY_INDEX):
        return LOOK_BACK
    return (
        OWN
        if any(part in name for part in ("&since=", "&category=", "&event=", "&tag=")) and "/inbox" in name
        else PAGE
    )


def _show(report: Report, group: str, costs: list[dict[str, Any]]) -> None:
    """The group in one line, and its three dearest pages with the indexes that they used."""
    dearest = sorted(costs, key=lambda cost: -cost["milliseconds"])
    report.figure(
        f"{group}: {len(costs)} pages, median {dearest[len(costs) // 2]['milliseconds']:.1f} ms in PostgreSQL, "
        f"at most {max(cost['statements'] for cost in costs)} statements and {max(cost['read'] for cost in costs):,} rows"
    )
    for cost in dearest[:3]:
        indexes = ", ".join(name.removeprefix("hub_") for name in cost["indexes"] if name.startswith("hub_"))
        report.figure(
            f"    {cost['milliseconds']:6.1f} ms {cost['read']:>7,} rows  {cost['name'][:70]}  {indexes[:90]}"
        )
