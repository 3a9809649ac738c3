"""Requests that Schemathesis makes of the OpenAPI document that the hub serves: every operation by itself, with what the
document allows and with what it forbids, and scenarios along the document's links. Every answer is as the document says, none
is a 5xx, and nobody else notices."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hub.api.openapi.document import operations, resolve
from project.stack.child import Child, Command
from tests.bench.broken import ROOT
from tests.bench.report import Options, Report
from tests.bench.world import World, world
from tests.chaos.bystander import undisturbed
from tests.chaos.owners import ENVIRONMENT, Owner, owners

OWNERS = 4  # of a process: one whose server asks, one whose user, one whose operator, and one for scenarios
LEAST = 20_000  # cases of the full form
# processes; scenarios of each; cases of an operation, caller and mode at each kind of address; kinds of address
FULL = {"parts": 2, "scenarios": 400, "each": 60, "addresses": 2}
SHORT = {"parts": 1, "scenarios": 6, "each": 2, "addresses": 1}
SHOWN = 30  # problems
TOLD = 1_000  # cases between two lines of progress

Job = dict[str, Any]
Tally = dict[str, Any]


def run(options: Options) -> Report:
    report = Report("generated")
    processes = ("web",) if options.short else ("mailbox", "web", "worker")
    # nothing is killed here, so the services need not fsync
    with world(report, Options(short=True), users=1, run=processes, **ENVIRONMENT) as its:
        asyncio.run(_check(its, report, options))
    return report


async def _check(its: World, report: Report, options: Options) -> None:
    size = SHORT if options.short else FULL
    parts = size["parts"]
    made = owners(its, parts * OWNERS)
    jobs = [_job(its, part, made[part::parts]) | size for part in range(parts)]
    report.progress(f"{parts} x {size['scenarios']} scenarios, {size['each']} cases of each kind by themselves")
    async with undisturbed(its, report, its.users[0]):
        tallies = await _work(its, report, jobs)
    _judge(report, tallies, short=options.short)


def _job(its: World, part: int, theirs: list[Owner]) -> Job:
    made = [asdict(owner) for owner in theirs]
    return {"url": its.hub.url, "part": part, "seed": 11 + part, "owners": made}


async def _work(its: World, report: Report, jobs: list[Job]) -> list[Tally]:
    """The tally of each job, done by a process of its own. Raises RuntimeError when one fails."""
    folder = its.folder / "generated"
    folder.mkdir()
    children = [_child(its, folder, job) for job in jobs]
    told = 0
    try:
        while any(child.running for child in children):
            await asyncio.sleep(1)
            cases = sum(_sum(_tallies(folder), "operations").values())
            if cases >= told + TOLD:
                told = cases
                report.progress(f"{cases:,} cases")
    finally:
        for child in children:
            child.stop()
    for child in children:
        if child.exit_code:
            raise RuntimeError(f"a process of the check failed: {child.last_lines(20)}")
    return _tallies(folder)


def _child(its: World, folder: Path, job: Job) -> Child:
    asked, tally = folder / f"{job['part']}.job", folder / f"{job['part']}.tally"
    asked.write_text(json.dumps(job))
    argv = [sys.executable, "-m", "tests.chaos.generated_process", str(asked), str(tally)]
    child = Child(Command(name=str(job["part"]), argv=argv, environment=its.hub.environment, folder=ROOT), folder)
    child.start()
    return child


def _tallies(folder: Path) -> list[Tally]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*.tally"))]


def _judge(report: Report, tallies: list[Tally], *, short: bool) -> None:
    asked, statuses, links = (_sum(tallies, name) for name in ("operations", "statuses", "links"))
    problems = {kind: text for tally in tallies for kind, text in tally["problems"].items()}
    for text in list(problems.values())[:SHOWN]:
        report.check(False, text)
    left_out = {operation.name for operation in operations()} - asked.keys()
    report.check(not left_out, f"never asked: {', '.join(sorted(left_out))}")
    report.check(short or asked.total() >= LEAST, f"only {asked.total():,} cases")
    counts = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    report.figure(f"{asked.total():,} cases of {len(asked)} operations ({counts})")
    scenarios = sum(tally["scenarios"] for tally in tallies)
    report.figure(
        f"{scenarios:,} scenarios followed {links.total():,} links, {len(links)} of the document's {_links()}"
    )
    took, name = max(tuple(tally["slowest"]) for tally in tallies)
    if not problems:
        report.figure(
            "each answer has a status, headers, a media type and a body as the document says, each of "
            f"{statuses['422']:,} refusals names its field, no 5xx; the slowest took {took:.1f} s ({name})"
        )


def _sum(tallies: list[Tally], name: str) -> Counter[str]:
    return sum((Counter(tally[name]) for tally in tallies), Counter())


def _links() -> int:
    responses = [response for operation in operations() for response in operation.spec["responses"].values()]
    return sum(len(resolve(response).get("links", {})) for response in responses)
