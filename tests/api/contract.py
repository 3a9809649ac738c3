"""Holds every request and answer of the API tests to the OpenAPI document."""

import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from hub.api.openapi.document import Operation, document, operations, resolve

HERE = "urn:hub"
UNDOCUMENTED = {401, 403, 404, 405}  # what an address or a method that is not in the document may be answered with


def check(method: str, path: str, sent: bytes, answer: Any) -> None:
    """Raises AssertionError when the answer, or the request of a 2xx, is not as the document says."""
    if method in ("HEAD", "OPTIONS"):
        return
    operation = operation_of(method, urlsplit(path).path)
    if operation is None:
        assert answer.status_code in UNDOCUMENTED, f"{method} {path} is not in the document"
        return
    where = f"{operation.name} → {answer.status_code}"
    response = operation.spec["responses"].get(str(answer.status_code))
    assert response is not None, f"{where} is not in the document: {answer.content[:300]!r}"
    _check_answer(where, pointer_of(operation, "responses", str(answer.status_code)), answer)
    if 200 <= answer.status_code < 300:
        _check_query(operation, urlsplit(path).query)
        _check_body(operation, sent)


def operation_of(method: str, path: str) -> Operation | None:
    """The operation at an address below the API; one without parameters comes first."""
    found = [operation for pattern, operation in _routes() if pattern.fullmatch(path)]
    return next((operation for operation in found if operation.method == method.lower()), None)


def complaint(pointer: str, value: Any) -> str | None:
    """What is wrong with a JSON value, by the schema at `pointer` in the document."""
    error = best_match(_validator(pointer).iter_errors(value))
    return None if error is None else f"{error.json_path}: {error.message[:300]}"


def complaint_of_event(event: Any) -> str | None:
    """What is wrong with the body of a webhook, by what the document says of its type."""
    body = document()["webhooks"][event["type"]]["post"]["requestBody"]["$ref"].removeprefix("#")
    return complaint(f"{body}/content/application~1json/schema", event)


def media_of(operation: Operation) -> dict[str, Any]:
    """What an operation takes in JSON: schema and examples; empty without a body."""
    return dict(resolve(operation.spec.get("requestBody", {})).get("content", {}).get("application/json", {}))


def examples_of(operation: Operation) -> dict[str, Any]:
    """The bodies that the document gives as examples, by name; one without a name is "". None where there is no body."""
    media = media_of(operation)
    if "example" in media:
        return {"": media["example"]}
    return {name: resolve(example)["value"] for name, example in media.get("examples", {}).items()}


def pointer_of(operation: Operation, *names: str) -> str:
    """Where a part of an operation is in the document, references followed, as a JSON pointer."""
    found: Any = operation.spec
    pointer = f"/paths/{_escaped(operation.path)}/{operation.method}"
    for name in names:
        found, pointer = found[name], f"{pointer}/{_escaped(name)}"
        if "$ref" in found:
            pointer, found = found["$ref"].removeprefix("#"), resolve(found)
    return pointer


def _check_answer(where: str, pointer: str, answer: Any) -> None:
    content = _at(pointer).get("content")
    if content is None:
        assert not answer.content, f"{where} has a body"
        return
    media = answer["Content-Type"].partition(";")[0]
    assert media in content, f"{where} is {media}, not {', '.join(content)}"
    if media.endswith("json"):
        wrong = complaint(f"{pointer}/content/{_escaped(media)}/schema", orjson.loads(answer.content))
        assert wrong is None, f"{where}: {wrong}"


def _check_query(operation: Operation, query: str) -> None:
    known = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    unknown = {name for name, _ in parse_qsl(query, keep_blank_values=True)} - known
    assert not unknown, f"{operation.name} takes {unknown}, which the document doesn't say"


def _check_body(operation: Operation, sent: bytes) -> None:
    if "requestBody" not in operation.spec:
        assert sent in (b"", b"{}"), f"{operation.name} has a body, which the document doesn't say"
    elif not sent:
        required = resolve(operation.spec["requestBody"]).get("required")
        assert not required, f"{operation.name} needs no body, which the document says"
    elif media_of(operation)["schema"]:  # an empty one is that of a provider's own language
        wrong = complaint(
            pointer_of(operation, "requestBody") + "/content/application~1json/schema", orjson.loads(sent)
        )
        assert wrong is None, f"{operation.name} takes what the document forbids: {wrong}"


@cache
def _routes() -> list[tuple[re.Pattern[str], Operation]]:
    found = sorted(operations(), key=lambda operation: operation.path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", operation.path)), operation) for operation in found]


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resource(HERE, Resource(document(), DRAFT202012))


@cache
def _validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"{HERE}#{pointer}"}, registry=_registry(), format_checker=FormatChecker(["uuid"])
    )


def _at(pointer: str) -> Any:
    found: Any = document()
    for name in pointer.strip("/").split("/"):
        found = found[name.replace("~1", "/").replace("~0", "~")]
    return found


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
