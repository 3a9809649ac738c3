"""Bad input over REST: every operation of the OpenAPI document with anything about it spoilt. Each request gets an answer
that the document knows, no answer is a 5xx, and what is wrong is named."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPException

from hub.api.openapi.document import Operation, operations
from tests.bench.report import Options, Report
from tests.bench.world import World, world
from tests.chaos.bystander import undisturbed
from tests.chaos.nasties import Nasty, nasties
from tests.chaos.owners import ENVIRONMENT, Owner, callers, owners
from tests.chaos.raw_http import Answer, RawHttp, Sent
from tests.chaos.verdict import wrong_with

SHORT = 1_000  # spoilt requests of the short form
SHOWN = 30  # problems


def run(options: Options) -> Report:
    report = Report("bad_input")
    with world(report, options, users=1, run=("web",), **ENVIRONMENT) as its:
        spoilt = list(_spoilt(owners(its, 3)))
        chosen = random.Random(11).sample(spoilt, SHORT) if options.short else spoilt
        report.progress(f"{len(chosen):,} of {len(spoilt):,} spoilt requests")
        asyncio.run(_check(its, report, sorted(chosen, key=lambda each: each[0].method == "delete")))
    return report


async def _check(its: World, report: Report, spoilt: list[tuple[Operation, Nasty]]) -> None:
    judge = Judge(report)
    async with undisturbed(its, report, its.users[0]):
        await asyncio.to_thread(_send, its, judge, spoilt)
    judge.summary()


class Judge:
    """Holds every answer to what was asked."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.outcomes: Counter[int] = Counter()
        self.slowest = (0.0, "")
        self._kinds: set[str] = set()

    def answered(self, operation: Operation, sent: Sent, answer: Answer) -> None:
        self.outcomes[answer.status_code] += 1
        if wrong := wrong_with(operation, sent, answer):
            self.wrong(f"{operation.name}: {wrong}", sent)

    def wrong(self, what: str, sent: Sent) -> None:
        """Each kind of problem once."""
        self._kinds.add(what[:120])
        if len(self._kinds) > len(self.report.problems) and len(self._kinds) <= SHOWN:
            self.report.check(False, f"{what} ({sent.why})")

    def summary(self) -> None:
        counts = ", ".join(f"{status}: {count:,}" for status, count in sorted(self.outcomes.items()))
        self.report.figure(
            f"{self.outcomes.total():,} requests ({counts}); the slowest took {self.slowest[0]:.1f} s ({self.slowest[1]})"
        )


def _spoilt(three: list[Owner]) -> Iterator[tuple[Operation, Nasty]]:
    """Every operation, spoilt in every way, by each kind of caller that it has."""
    for operation in operations():
        for owner, credential in callers(operation, three):
            for nasty in nasties(operation, owner, credential):
                yield operation, nasty


def _send(its: World, judge: Judge, spoilt: list[tuple[Operation, Nasty]]) -> None:
    http = RawHttp(its.hub.url)
    for operation, nasty in spoilt:
        name, sent = operation.name, nasty()
        began = time.monotonic()
        try:
            answer = http.send(sent)
        except (OSError, HTTPException) as error:
            judge.wrong(f"{name}: no answer, {error!r}", sent)
            continue
        judge.slowest = max(judge.slowest, (time.monotonic() - began, f"{name} with {sent.why}"))
        judge.answered(operation, sent, answer)
    http.close()
