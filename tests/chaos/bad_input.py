"""Bad input over REST: every operation of the OpenAPI document with anything about it spoilt. Each request gets an answer
that the document knows, no answer is a 5xx, and what is wrong is named."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from hub.api.openapi.document import Operation, operations
from tests.api.contract import check
from tests.bench.report import Options, Report
from tests.bench.world import World, world
from tests.chaos.changed import settings
from tests.chaos.nasties import BASE, Nasty, Owner, nasties
from tests.chaos.raw_http import Answer, RawHttp, Sent

SHORT = 1_000  # spoilt requests of the short form
SHOWN = 30  # problems
# a mark, as its frame, ignores the fields that its op has no use for; who can't be a member needs no removing
IGNORES = tuple(f"{name} takes what the document forbids" for name in ("mark_items", "remove_members"))
OPERATOR = "the-operator-of-this-check"
ENOUGH = 1_000_000  # requests at once
RATES = {f"{who}_{what}": ENOUGH for who in ("server", "user", "guess") for what in ("rate", "burst")}


def run(options: Options) -> Report:
    report = Report("bad_input")
    environment = settings(**RATES) | {"HUB_OPERATOR_TOKEN": OPERATOR}
    with world(report, options, users=0, run=("web",), **environment) as its:
        judge = Judge(report)
        spoilt = list(_spoilt(_owners(its)))
        chosen = random.Random(11).sample(spoilt, SHORT) if options.short else spoilt
        report.progress(f"{len(chosen):,} of {len(spoilt):,} spoilt requests")
        _send(its, judge, sorted(chosen, key=lambda each: each[0].method == "delete"))
        judge.summary()
        logs = "".join(file.read_text() for file in Path(its.hub.folder, "logs").glob("web*"))
        trace = logs.partition("Traceback")[2].partition("\n")[0]
        report.check(not trace, f"there is a traceback in the log: …{trace[-800:]}")
    return report


class Judge:
    """Holds every answer to what was asked."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.outcomes: Counter[int] = Counter()
        self.slowest = (0.0, "")
        self._kinds: set[str] = set()

    def answered(self, operation: Operation, sent: Sent, answer: Answer) -> None:
        self.outcomes[answer.status_code] += 1
        if wrong := _wrong_with(operation, sent, answer):
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


def _wrong_with(operation: Operation, sent: Sent, answer: Answer) -> str:
    if answer.status_code >= 500:
        return f"answered with {answer.status_code}"
    try:
        # a parameter, or a body, that an operation doesn't have may be ignored
        path = sent.target.decode("latin-1").removeprefix(BASE).partition("?")[0]
        check(sent.method, path, sent.body if "requestBody" in operation.spec else b"", answer)
    except (AssertionError, ValueError) as error:
        return "" if str(error).startswith(IGNORES) else str(error)[:300]
    if answer.status_code < 400:
        return ""
    if answer["Content-Type"] != "application/problem+json":
        return f"{answer.status_code} as {answer['Content-Type']}: {answer.content[:80]!r}"
    problem = json.loads(answer.content)
    named = [error["field"] for error in problem["errors"]]
    # a field, or a parameter, whose name is empty is named so
    nameless = not named or ("" in named and b'""' not in sent.body and not sent.target.endswith(b"?="))
    return (
        f"a 422 names no field: {problem['detail'][:100]}" if problem["code"] == "invalid_request" and nameless else ""
    )


def _owners(its: World) -> list[Owner]:
    """Whose server, whose user, and whose operator asks: three tenants, so that none can lock another out."""
    file = its.folder / "belongings.json"
    its.hub.run("-m", "tests.support.belongings", "3", str(file))
    return [Owner(**made) for made in json.loads(file.read_text())]


def _spoilt(owners: list[Owner]) -> Iterator[tuple[Operation, Nasty]]:
    """Every operation, spoilt in every way, by each kind of caller that it has."""
    for operation in operations():
        for owner, credential in _callers(operation, owners):
            for nasty in nasties(operation, owner, credential):
                yield operation, nasty


def _callers(operation: Operation, owners: list[Owner]) -> Iterator[tuple[Owner, str]]:
    server, user, theirs = owners
    kinds = {name for needs in operation.spec["security"] for name in needs}
    if "server_key" in kinds:
        yield server, server.api_key
    if "user_token" in kinds:
        yield user, user.token
    if "operator_token" in kinds:
        yield theirs, OPERATOR
    if not kinds:
        yield server, ""


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
