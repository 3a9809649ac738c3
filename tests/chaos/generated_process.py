"""`python -m tests.chaos.generated_process JOB TALLY`: one of the processes of `generated`. Both are files of JSON; the tally
is written again and again as it goes on."""

import json
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky, Unsatisfiable
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import Case, GenerationMode

from hub.api.openapi.document import Operation, operations
from tests.chaos.generated_sender import Sender
from tests.chaos.owners import OPERATOR, Owner, callers

STEPS = 20  # of a scenario
ROUND = 20  # scenarios at most from one seed
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# the links that the document has, and none that are guessed; credentials that are none are for the strangers' matrix
CONFIG = {
    "phases": {"stateful": {"inference": {"algorithms": []}}},
    "generation": {"with-security-parameters": False},
}


def main(job: dict[str, Any], tally: Path) -> None:
    served = requests.get(f"{job['url']}/api/v1/openapi.json", timeout=30).json()
    schema = schemathesis.openapi.from_dict(served, config=schemathesis.Config.from_dict(CONFIG))
    *three, own = (Owner(**made) for made in job["owners"])
    sender = Sender(job["url"], tally)
    _in_scenarios(schema, sender, own, job)
    _singly(schema, sender, three, job)
    sender.tell()


def _singly(schema: Any, sender: Sender, three: list[Owner], job: dict[str, Any]) -> None:
    """Each of this process's operations by itself: what the document allows, and what it forbids, at the address of something
    that is there and at any, by each kind of caller."""
    found = {each.ok().definition.raw["operationId"]: each.ok() for each in schema.get_all_operations()}
    mine = list(operations())[job["part"] :: job["parts"]]
    for operation in sorted(mine, key=lambda operation: operation.method == "delete"):
        for owner, credential in callers(operation, three):
            for known in _addresses(operation, owner)[: job["addresses"]]:
                for mode in MODES:
                    strategy = found[operation.name].as_strategy(mode, path_parameters=known)
                    _draw(strategy, job, lambda case, it=credential: sender.send(case, it))


def _addresses(operation: Operation, owner: Owner) -> list[dict[str, str] | None]:
    """The parameters of an address of something that is there, and None for any."""
    known = {p["name"]: owner.named[p["name"]] for p in operation.parameters if p["in"] == "path"}
    return [known, None] if known else [None]


def _draw(strategy: Any, job: dict[str, Any], send: Any) -> None:
    @seed(job["seed"])
    @_settings(max_examples=job["each"])
    @given(strategy)
    def draw(case: Case) -> None:
        send(case)

    # it may take nothing that could be wrong
    with suppress(Unsatisfiable):
        draw()


def _in_scenarios(schema: Any, sender: Sender, own: Owner, job: dict[str, Any]) -> None:
    """Requests that follow the document's links, each from an answer to the next request."""

    class Scenario(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            self.credentials = sender.credentials(own, OPERATOR)
            sender.tally.scenarios += 1

        def step(self, input: Any) -> Any:
            if input.transition is not None and input.is_applied:
                sender.tally.links[input.transition.id] += 1
            return super().step(input)

        def call(self, case: Case, **_: Any) -> Any:
            return sender.send(case, self.credentials(case))

        def validate_response(self, *_: Any, **__: Any) -> None:
            """The sender has."""

    for number in count(job["seed"]):
        # what the hub answers depends on what it was asked before, for which Hypothesis ends a round
        with suppress(Flaky):
            chosen = _settings(max_examples=ROUND, stateful_step_count=STEPS)
            run_state_machine_as_test(seed(number)(Scenario), settings=chosen)
        if sender.tally.scenarios >= job["scenarios"]:
            return


def _settings(**options: int) -> settings:
    return settings(
        **options, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
