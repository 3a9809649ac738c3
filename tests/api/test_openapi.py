"""The OpenAPI document is valid, is served, and has every address and method of the REST API, and no other."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from openapi_spec_validator import OpenAPIV31SpecValidator

from hub.api.openapi.document import METHODS, document, operations, resolve
from hub.api.openapi.everywhere import TWINS
from hub.api.views import HubView, Unknown
from hub.tenancy.keys import SCOPES
from tests.api import contract
from tests.api.client import Api, rolled_back

OPERATIONS = {operation.name: operation for operation in operations()}


def test_the_document_is_valid() -> None:
    assert not list(OpenAPIV31SpecValidator(document()).iter_errors())


def test_every_address_and_method_is_in_the_document_and_no_other() -> None:
    served = set(_served(get_resolver().url_patterns))
    described = {(operation.method, _shape(_base(operation.path) + operation.path)) for operation in operations()}
    assert served == described


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    assert len(OPERATIONS) == len(list(operations()))
    tags = {tag["name"] for tag in document()["tags"]}
    for operation in operations():
        assert operation.spec["summary"], operation.name
        assert {*operation.spec["tags"]} <= tags, operation.name


def test_every_scope_exists() -> None:
    scopes = {
        scope
        for operation in operations()
        for needs in operation.spec["security"]
        for name, scopes in needs.items()
        for scope in scopes
        if name == "server_key"
    }
    assert scopes <= SCOPES


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_error_is_a_problem_document(name: str) -> None:
    """But for the probes, whose 503 is their answer."""
    for status, response in OPERATIONS[name].spec["responses"].items():
        if status >= "400" and not (status == "503" and not OPERATIONS[name].spec["security"]):
            assert list(resolve(response)["content"]) == ["application/problem+json"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_caller_may_send_the_same_credential_otherwise(name: str) -> None:
    callers = {name for needs in OPERATIONS[name].spec["security"] for name in needs}
    assert {TWINS[name] for name in callers & TWINS.keys()} == callers & set(TWINS.values())


def test_every_example_is_as_its_schema_says() -> None:
    wrong = {pointer: contract.complaint(schema, value) for pointer, schema, value in _examples(document(), "")}
    assert wrong
    assert not {pointer: complaint for pointer, complaint in wrong.items() if complaint}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_an_example(name: str) -> None:
    """Of what has to be given: each parameter of its address, and its body."""
    for parameter in OPERATIONS[name].parameters:
        assert "example" in parameter or parameter["in"] != "path", parameter
    body = resolve(OPERATIONS[name].spec.get("requestBody", {}))
    for media in body.get("content", {}).values():
        assert "example" in media or media["examples"]


@rolled_back
def test_it_is_served_to_anybody_and_cached() -> None:
    first = Client().get("/api/v1/openapi.json")
    assert first.json() == document()
    assert first["Cache-Control"] == "public, max-age=300"
    again = Client().get("/api/v1/openapi.json", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def test_parts_that_define_the_same_thing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text("components: {schemas: {Id: {type: string}}}")
    monkeypatch.setattr("hub.api.openapi.document.FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"b/components/schemas/Id: type is defined twice"):
        document.__wrapped__()


@rolled_back
def test_what_differs_from_the_document_is_seen(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the hook that all the API tests go through."""
    shown = {"key": "a", "name": "", "open": False, "created_at": None}
    monkeypatch.setattr("hub.audience.topic_api._topic", lambda _: shown)
    with pytest.raises(AssertionError, match=r"make_topic → 201: \$\.created_at: None"):
        server.post("/topics", {"key": "a"})
    monkeypatch.undo()
    monkeypatch.delitem(OPERATIONS["make_topic"].spec["responses"], "201")
    with pytest.raises(AssertionError, match="make_topic → 201 is not in the document"):
        server.post("/topics", {"key": "b"})
    schema = document()["components"]["requestBodies"]["Members"]["content"]["application/json"]["schema"]
    monkeypatch.setitem(schema["properties"]["subscribers"], "maxItems", 1)
    with pytest.raises(AssertionError, match="add_members takes what the document forbids"):
        server.put("/topics/a/members", {"subscribers": ["alice", "bob"]})
    operation = OPERATIONS["list_topics"]
    monkeypatch.setattr(contract, "operation_of", lambda *_: replace(operation, parameters=[]))
    with pytest.raises(AssertionError, match=r"list_topics takes {'limit'}"):
        server.get("/topics?limit=1")


def _served(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[tuple[str, str]]:
    """(method, address with {} for each parameter) of every view of the REST API."""
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _served(pattern.url_patterns, address)
            continue
        callback = pattern.callback
        views = getattr(callback, "view_classes", (getattr(callback, "view_class", object),))
        for view in views:
            if issubclass(view, HubView) and view is not Unknown:
                yield from ((method, _shape(address)) for method in METHODS if _has(view, method))


def _has(view: type[HubView], method: str) -> bool:
    return hasattr(view, method) and method in view.http_method_names


def _shape(address: str) -> str:
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", address)


def _base(path: str) -> str:
    servers = document()["paths"][path].get("servers") or document()["servers"]
    return str(servers[0]["url"]).rstrip("/")


def _examples(part: object, pointer: str) -> Iterator[tuple[str, str, object]]:
    """(where it is, where its schema is, the example) of every example that stands beside a schema."""
    if isinstance(part, dict):
        if "schema" in part:
            if "example" in part:
                yield pointer, f"{pointer}/schema", part["example"]
            for name, example in part.get("examples", {}).items():
                yield f"{pointer}/examples/{name}", f"{pointer}/schema", example["value"]
        for name, child in part.items():
            yield from _examples(child, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(part, list):
        for number, child in enumerate(part):
            yield from _examples(child, f"{pointer}/{number}")
