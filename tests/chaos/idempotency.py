"""Copies of keyed writes at once, the web killed amid their effect and again after it: one effect, one answer each."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.bench.api import FAILURES, Api
from tests.bench.report import Options, Report
from tests.bench.world import User, World, world

GIVE_UP = 60.0  # seconds that a copy is sent again
PAUSE = 0.25  # seconds between two tries of a copy
PATIENCE = 20.0  # seconds for what the check waits for
ITEMS = 3  # unread, for the mark


@dataclass
class Write:
    """A keyed write and what became of its copies. `effect`: SQL that counts what it has made; it must come to 1."""

    name: str
    method: str
    path: str
    body: dict[str, Any]
    effect: str
    # shown in the first answer alone
    secret: str = ""
    # the one who marks; None: the tenant's server
    user: User | None = None
    first: list[Any] = field(default_factory=list)
    replayed: list[Any] = field(default_factory=list)
    in_flight: int = 0
    unanswered: int = 0
    problems: list[str] = field(default_factory=list)

    def copy(self, its: World) -> None:
        """Send it until it is answered."""
        deadline = time.monotonic() + GIVE_UP
        while time.monotonic() < deadline and not self._try(its):
            time.sleep(PAUSE)

    def _try(self, its: World) -> bool:
        """Whether it has its answer, good or bad."""
        with its.api(self.user, timeout=30.0) as api:
            try:
                status, answer = api.call(self.method, self.path, self.body, Idempotency_Key=f"once-{self.name}")
            except FAILURES:
                self.unanswered += 1
                return False
            return self._judge(api, status, answer)

    def _judge(self, api: Api, status: int, answer: Any) -> bool:
        if 200 <= status < 300:
            again = api.headers.get("Idempotent-Replayed") == "true"
            (self.replayed if again else self.first).append(answer)
        elif status == 409 and answer["code"] == "idempotency_in_flight":
            self.in_flight += 1
            if not api.headers.get("Retry-After"):
                self.problems.append("a 409 had no Retry-After")
            return False
        elif status < 500:
            self.problems.append(f"a copy got {status}: {answer}")
        return status < 500


def run(options: Options) -> Report:
    report = Report("idempotency")
    copies = 8 if options.short else 64
    with world(report, options, users=2, run=("web",)) as its:
        writes, mark = _writes(), _mark(its)
        with ThreadPoolExecutor(copies * (len(writes) + 1)) as pool:
            with _no_answer_can_be_kept(its):
                _send(its, pool, writes, copies)
                for write in writes:
                    _wait(
                        report, lambda w=write: w.in_flight > 0, f"{write.name}: no copy was told that one is in flight"
                    )  # type: ignore[misc]
                _send(its, pool, [mark], copies)
                _wait(report, lambda: _held(its) == len(writes) + 1, "not every write was held amid its effect")
                report.progress("every write is made, none is committed: the web is killed")
                its.hub.kill("web")
            its.hub.start("web")
            report.progress("it is back")
            _wait(report, lambda: _kept(its) > 0, "nothing was answered after the first kill")
            its.hub.kill("web")
            its.hub.start("web")
            report.progress("killed once more; it is back")
        for write in [*writes, mark]:
            _check(its, report, write, copies)
    return report


def _writes() -> list[Write]:
    return [
        Write(
            "notifications",
            "POST",
            "/notifications",
            {"to": "user-00000", "title": "Once"},
            "SELECT count(*) FROM hub_notification WHERE content->>'title' = 'Once'",
        ),
        Write(
            "subscribers",
            "PUT",
            "/subscribers/new",
            {"name": "New"},
            "SELECT count(*) FROM hub_subscriber WHERE external_id = 'new'",
        ),
        Write(
            "api-keys",
            "POST",
            "/api-keys",
            {"name": "once", "scopes": ["*"]},
            "SELECT count(*) FROM hub_apikey WHERE name = 'once'",
            secret="key",
        ),
    ]


def _mark(its: World) -> Write:
    user = its.users[1]
    with its.api() as api:
        for number in range(ITEMS):
            api.notify(user.id, f"Number {number}")
    changes = f"SELECT last_seq - {ITEMS} FROM hub_stream WHERE subscriber_id = '{user.subscriber}'"
    return Write("mark", "POST", "/inbox/mark", {"op": "read", "all": True, "upto": ITEMS}, changes, user=user)


def _send(its: World, pool: ThreadPoolExecutor, writes: list[Write], copies: int) -> None:
    for write in writes:
        for _ in range(copies):
            pool.submit(write.copy, its)


@contextmanager
def _no_answer_can_be_kept(its: World) -> Iterator[None]:
    """Whoever does a keyed write waits at its end: the effect made, nothing committed."""
    with psycopg.connect(its.services.database_url) as holder:
        holder.execute("LOCK TABLE hub_idempotency IN SHARE ROW EXCLUSIVE MODE")
        yield
        holder.rollback()


def _held(its: World) -> int:
    return int(its.value("SELECT count(*) FROM pg_locks WHERE relation = 'hub_idempotency'::regclass AND NOT granted"))


def _kept(its: World) -> int:
    return int(its.value("SELECT count(*) FROM hub_idempotency"))


def _wait(report: Report, happened: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            report.check(False, problem)
            return
        time.sleep(0.01)


def _check(its: World, report: Report, write: Write, copies: int) -> None:
    name, answers = write.name, [*write.first, *write.replayed]
    made = its.value(write.effect)
    report.check(made == 1, f"{name}: {made} effects of {copies} copies")
    report.check(not write.problems, f"{name}: {len(write.problems)} copies failed: {write.problems[:1]}")
    report.check(len(answers) == copies, f"{name}: {len(answers)} of {copies} copies were answered")
    report.check(len(write.first) <= 1, f"{name}: {len(write.first)} copies were answered as the first")
    report.check(not any(answer.get(write.secret) for answer in write.replayed), f"{name}: a secret was kept")
    shown = [{key: value for key, value in answer.items() if key != write.secret} for answer in answers]
    report.check(all(answer == shown[0] for answer in shown), f"{name}: the answers differ")
    report.figure(
        f"{name}: {copies} copies, {made} effect, {len(write.replayed)} answers replayed, "
        f"{write.in_flight} times told to wait, {write.unanswered} times cut off"
    )
