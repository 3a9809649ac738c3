"""The links of the OpenAPI document lead from an answer to whatever can be asked of it: a client, or `generated` of the fault
programme, can follow them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hub.api.openapi.document import Operation, operations, resolve

OPERATIONS = {operation.name: operation for operation in operations()}


@dataclass(frozen=True)
class Link:
    """From one answer of an operation."""

    source: Operation
    status: str
    name: str
    spec: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.source.name}-{self.status}-{self.name}"


def links() -> Iterator[Link]:
    for operation in operations():
        for status, response in operation.spec["responses"].items():
            for name, spec in resolve(response).get("links", {}).items():
                yield Link(operation, status, name, spec)


LINKS = list(links())


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_a_link_gives_an_operation_what_it_takes(link: Link) -> None:
    target = OPERATIONS[link.spec["operationId"]]
    given = link.spec.get("parameters", {}).keys()
    assert given <= {parameter["name"] for parameter in target.parameters}
    assert "requestBody" not in link.spec or "requestBody" in target.spec
    assert given or "requestBody" in link.spec


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_what_a_link_gives_is_in_the_answer_or_was_asked(link: Link) -> None:
    expressions = re.findall(r"\$[^,'}\]]+", str(link.spec))
    assert expressions
    for expression in expressions:
        where, _, pointer = expression.partition("#/")
        if where == "$response.body":
            assert _is_there(_body(link.source.spec["responses"][link.status]), pointer.split("/")), expression
        elif where == "$request.body":
            assert _is_there(_body(link.source.spec["requestBody"]), pointer.split("/")), expression
        else:
            asked = {f"$request.{parameter['in']}.{parameter['name']}" for parameter in link.source.parameters}
            assert expression in asked


def test_a_link_leads_to_whatever_has_a_name_in_its_address() -> None:
    """But for what providers call. A new operation is missing here until something links to it: see the `links` of
    hub/api/openapi/*.yaml."""
    reached = {link.spec["operationId"] for link in LINKS}
    named = {operation.name for operation in operations() if "{" in operation.path and operation.spec["security"]}
    assert not named - reached


def _body(part: dict[str, Any]) -> dict[str, Any]:
    return dict(resolve(part)["content"]["application/json"]["schema"])


def _is_there(schema: dict[str, Any], names: list[str]) -> bool:
    """Whether a schema, or what it is made of, knows the property at the end of these names; a number is any item of a list."""
    if not names:
        return True
    made_of = [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, [])]
    if "$ref" in schema:
        made_of.append(resolve({"$ref": schema["$ref"]}))
    below = schema.get("items") if names[0].isdigit() else schema.get("properties", {}).get(names[0])
    return (below is not None and _is_there(below, names[1:])) or any(_is_there(part, names) for part in made_of)
