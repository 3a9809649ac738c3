"""Every example of the OpenAPI document is sent to a running hub, and gets the 2xx that the document promises."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from hub.api.openapi.document import Operation, document, operations
from tests.api.contract import complaint, examples_of, pointer_of
from tests.support.belongings import Belongings
from tests.support.live import OPERATOR_TOKEN, LiveHub


@dataclass(frozen=True)
class Example:
    """One request. `body` is None where there is none to send."""

    operation: Operation
    name: str
    body: Any

    def __str__(self) -> str:
        return f"{self.operation.name}-{self.name}" if self.name else self.operation.name


def examples() -> Iterator[Example]:
    for operation in operations():
        bodies = examples_of(operation) or {"": None}
        yield from (Example(operation, name, body) for name, body in bodies.items())


EXAMPLES = list(examples())


@pytest.fixture(scope="module")
def owners(live_hub: LiveHub, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Belongings]:
    """A tenant for each example that changes something, and one for all others, that has what its address names."""
    file: Path = tmp_path_factory.mktemp("belongings") / "made.json"
    changing = [str(example) for example in EXAMPLES if example.operation.method != "get"]
    live_hub.process.run("-m", "tests.support.belongings", str(len(changing) + 1), str(file))
    shared, *made = (Belongings(**one) for one in json.loads(file.read_text()))
    return dict.fromkeys(map(str, EXAMPLES), shared) | dict(zip(changing, made, strict=True))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_works(example: Example, live_hub: LiveHub, owners: dict[str, Belongings]) -> None:
    operation, owner = example.operation, owners[str(example)]
    with requests.request(
        operation.method,
        live_hub.url + _address(operation, owner),
        params=_given(operation, "query"),
        json=example.body,
        headers=_credential(operation, owner),
        timeout=30,
        stream=True,  # one of them has no end
    ) as answer:
        status = str(answer.status_code)
        assert status.startswith("2"), answer.text
        assert status in operation.spec["responses"]
        pointer = pointer_of(operation, "responses", status)
        if "json" in answer.headers.get("Content-Type", ""):
            assert complaint(f"{pointer}/content/application~1json/schema", answer.json()) is None


def _address(operation: Operation, owner: Belongings) -> str:
    """With the tenant's own ids, where the document has examples of ids that nobody has."""
    servers = document()["paths"][operation.path].get("servers") or document()["servers"]
    address = str(servers[0]["url"]).rstrip("/") + operation.path
    for name in _given(operation, "path"):
        address = address.replace(f"{{{name}}}", quote(owner.named[name], safe=""))
    return address


def _given(operation: Operation, where: str) -> dict[str, Any]:
    parameters = [parameter for parameter in operation.parameters if parameter["in"] == where]
    return {parameter["name"]: parameter["example"] for parameter in parameters if "example" in parameter}


def _credential(operation: Operation, owner: Belongings) -> dict[str, str]:
    held = {"server_key": owner.api_key, "user_token": owner.token, "operator_token": OPERATOR_TOKEN}
    callers = [name for needs in operation.spec["security"] for name in needs if name in held]
    return {"Authorization": f"Bearer {held[callers[0]]}"} if callers else {}
