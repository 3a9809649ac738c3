"""The parts in this folder as one document."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import yaml

from hub.api.openapi.everywhere import complete

FOLDER = Path(__file__).parent
METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address. `path` is as the document spells it, such as `/topics/{topic}`."""

    method: str
    path: str
    spec: dict[str, Any]
    parameters: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """Its operationId."""
        return str(self.spec["operationId"])


@cache
def document() -> dict[str, Any]:
    """The whole document. Raises ValueError when two parts define the same thing."""
    whole: dict[str, Any] = {}
    for part in sorted(FOLDER.glob("*.yaml")):
        _merge(whole, yaml.load(part.read_text(), Loader=yaml.CSafeLoader), part.stem)
    return complete(whole)


@cache
def encoded() -> tuple[bytes, str]:
    """The document as JSON, and its ETag."""
    text = orjson.dumps(document())
    return text, f'"{hashlib.sha256(text).hexdigest()[:32]}"'


def operations() -> Iterator[Operation]:
    """Every operation, with the parameters of its address among its own; references to parameters are followed."""
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                spec = item[method]
                shared = [*item.get("parameters", []), *spec.get("parameters", [])]
                yield Operation(method, path, spec, [resolve(parameter) for parameter in shared])


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    """What `part` is, or refers to."""
    while "$ref" in part:
        found: Any = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def _merge(whole: dict[str, Any], part: dict[str, Any], where: str) -> None:
    for name, value in part.items():
        if name not in whole:
            whole[name] = value
        elif isinstance(value, dict) and isinstance(whole[name], dict) and name != "$ref":
            _merge(whole[name], value, f"{where}/{name}")
        else:
            raise ValueError(f"{where}: {name} is defined twice")
