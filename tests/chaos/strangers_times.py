"""How long "not yours" takes beside "not there", and whether the two answers are one: by the clock of whoever asks.

Each operation that takes an id is asked for another tenant's, for nobody's, and for nobody's again, in turns and in one run.
The second ratio is the control: what the machine makes of two things that are the same. Compared are lower quartiles, as
whatever else a machine does can only add.
"""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import exp, log, sqrt
from statistics import fmean, stdev

from hub.api.openapi.document import Operation, operations
from hub.ids import uuid7
from tests.api.contract import examples_of
from tests.bench.report import Options, Report, percentile
from tests.bench.world import World, world
from tests.chaos.nasties import BASE
from tests.chaos.owners import UNLIMITED, Owner
from tests.chaos.raw_http import Answer, RawHttp, Sent

KEYS = {"server_key", "user_token"}
# parts of an address that name nothing of anybody's
COMMON = {"kind"}
# by what an operation may differ; what differs by more is asked again, so many times as often, so many times
APART, AGAIN, TRIES = 0.1, 3, 3
# by what all of them together may, unless the controls are spread so widely that they say less
APART_ALL = 0.02
# reads first: a PUT may make the thing that was not there
ORDER = ("get", "delete", "patch", "post", "put")


@dataclass
class Asked:
    """One operation about each of three ids: `theirs`, and two that are nobody's. `times`: seconds that each answer took."""

    operation: Operation
    credential: str
    ids: tuple[dict[str, str], ...]
    times: tuple[list[float], ...] = field(default_factory=lambda: ([], [], []))
    answers: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Not yours beside not there."""
        return _quartile(self.times[0]) / _quartile(self.times[1])

    @property
    def control(self) -> float:
        """Not there beside not there."""
        return _quartile(self.times[2]) / _quartile(self.times[1])

    @property
    def is_alike(self) -> bool:
        """No further apart than is allowed, or than the control."""
        return _apart(self.ratio) <= max(APART, _apart(self.control))

    def ask(self, http: RawHttp, rounds: int) -> None:
        """In every round each of the three once, in an order of its own."""
        requests = [_request(self.operation, self.credential, ids) for ids in self.ids]
        # unmeasured: caches fill, and what can be made by its name is made
        self.answers = [_essence(http.send(sent), sent) for sent in requests]
        for _ in range(rounds):
            for turn in random.sample(range(3), 3):
                began = time.perf_counter()
                http.send(requests[turn])
                self.times[turn].append(time.perf_counter() - began)

    def settles(self, http: RawHttp, rounds: int) -> bool:
        """Whether the two take the same time, as far as the machine can tell; if need be after some more looks."""
        for _ in range(TRIES):
            if self.is_alike:
                break
            self.ask(http, AGAIN * rounds)
        return self.is_alike


def compare(report: Report, options: Options) -> None:
    """Note in `report` where the two can be told apart, and by how much they differ at most."""
    rounds = 40 if options.short else 200
    # nothing is written whose way to the disk should be measured
    with world(report, Options(short=True), users=0, run=("web",), **UNLIMITED) as its:
        asked, http = list(_asked(its)), RawHttp(its.hub.url)
        report.progress(f"{len(asked)} operations with an id, {rounds} times another tenant's and twice nobody's")
        for each in asked:
            each.ask(http, rounds)
            same = len(set(each.answers)) == 1
            report.check(same, f"{each.operation.name}: answered {' beside '.join(each.answers)}")
            # at once: a later operation may make the thing
            settled = each.settles(http, rounds)
            said = f"takes {each.ratio:.3f} times as long as not there, control {each.control:.3f}"
            report.check(settled, f"{each.operation.name}: not yours {said}")
    _judge_all(report, asked)


def _judge_all(report: Report, asked: list[Asked]) -> None:
    """All operations as one: what each of them hides in its noise would show in the mean."""
    ratio, control = _mean([each.ratio for each in asked]), _mean([each.control for each in asked])
    spread = stdev(log(each.control) for each in asked) / sqrt(len(asked))
    together = _apart(ratio / control) <= max(APART_ALL, 3 * spread)
    report.check(together, f"on average not yours takes {ratio:.3f} times as long as not there, control {control:.3f}")
    missing = sum(each.answers[0].startswith("404") for each in asked)
    report.check(missing > len(asked) / 2, f"only {missing} of {len(asked)} operations say that there is no such thing")
    worst = max(asked, key=lambda each: _apart(each.ratio))
    control_at_worst = max((each.control for each in asked), key=_apart)
    report.figure(
        f"not yours beside not there, {len(asked)} operations ({missing} of them 404), the same in body; in time "
        f"{ratio:.3f} on average (control {control:.3f}), {worst.ratio:.3f} at worst ({worst.operation.name}; "
        f"control {control_at_worst:.3f})"
    )


def _asked(its: World) -> Iterator[Asked]:
    """What somebody who has nothing asks about what somebody has who has everything."""
    file = its.folder / "belongings.json"
    its.hub.run("-m", "tests.support.belongings", "1", str(file), "--strangers", "1")
    owner, stranger = (Owner(**made) for made in json.loads(file.read_text()))
    nobodys = [
        {name: value if name in COMMON else _like(value, number) for name, value in owner.named.items()}
        for number in range(2)
    ]
    addressed = [operation for operation in operations() if "{" in operation.path]
    for operation in sorted(addressed, key=lambda operation: ORDER.index(operation.method)):
        kinds = {name for needs in operation.spec["security"] for name in needs} & KEYS
        if kinds:
            credential = stranger.api_key if "server_key" in kinds else stranger.token
            yield Asked(operation, credential, (owner.named, *nobodys))


def _like(value: str, number: int) -> str:
    """What nobody has, of the same kind and length."""
    if len(value) == 36 and value.count("-") == 4:
        return str(uuid7())
    return f"{'nobody' * len(value)}"[: len(value) - 1] + str(number)


def _request(operation: Operation, credential: str, ids: dict[str, str]) -> Sent:
    examples = examples_of(operation).values()
    body = json.dumps(next(iter(examples))).encode() if examples else b""
    return Sent(operation.method.upper(), (BASE + operation.path.format_map(ids)).encode(), body, credential)


def _essence(answer: Answer, sent: Sent) -> str:
    """The status, and what a problem document says but for the address that was asked and the request's own id."""
    said = json.loads(answer.content) if answer.status_code >= 400 else {}
    assert said.pop("instance", None) in (None, sent.target.decode())
    said.pop("request_id", None)
    return f"{answer.status_code} {json.dumps(said)}"


def _quartile(times: list[float]) -> float:
    return percentile(times, 0.25)


def _apart(ratio: float) -> float:
    """0.1 for 1.1, and for its inverse."""
    return exp(abs(log(ratio))) - 1


def _mean(ratios: list[float]) -> float:
    return exp(fmean(log(ratio) for ratio in ratios))
