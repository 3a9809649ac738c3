"""A template's schema: what data must be, bounded like a template, and made up for publishing."""

import time
from contextlib import suppress
from typing import Any

import pytest

from hub.content.budget import SECONDS
from hub.content.samples import samples
from hub.content.schema import check_data, check_schema
from hub.exceptions import InvalidRequest

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["number", "lines"],
    "properties": {
        "number": {"type": "integer", "minimum": 5},
        "note": {"type": "string"},
        "lines": {
            "type": "array",
            "items": {"type": "object", "required": ["name"], "properties": {"name": {}, "price": {"type": "number"}}},
        },
        "when": {"type": ["null", "string"], "format": "date"},
        "state": {"enum": ["new", "paid"]},
    },
    "allOf": [{"required": ["state"]}],
}


def test_each_wrong_field_is_named() -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_data(check_schema(ORDER), {"number": "7", "lines": [{"name": 1}, {}], "state": "new"})
    assert {(error.field, error.code) for error in refused.value.errors} == {
        ("data.number", "schema"),
        ("data.lines.1.name", "required"),
    }


def test_what_fits_passes() -> None:
    check_data(check_schema(ORDER), {"number": 7, "lines": [], "state": "paid", "more": 1})
    check_data({}, {"anything": 1})


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"$ref": "http://127.0.0.1/x", "type": "object"}, "schema.$ref"),
        ({"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}}, "schema.properties.a.pattern"),
        ({"type": "object", "anyOf": [{"$dynamicRef": "#"}]}, "schema.anyOf.0.$dynamicRef"),
        ({"type": "array"}, "schema.type"),
        ({"type": "object", "properties": []}, "schema.properties"),
        ({"type": "objekt"}, "schema.type"),
        ({"type": "object", "description": "x" * 40_000}, "schema"),
        ([], "schema"),
    ],
)
def test_what_is_no_schema_is_refused(schema: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_schema(schema)
    assert refused.value.errors[0].field == field


def test_a_deep_schema_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(20):
        schema = {"type": "object", "not": schema}
    with pytest.raises(InvalidRequest, match="deep"):
        check_schema(schema)


@pytest.mark.parametrize(
    "items",
    [
        {"anyOf": [{"type": "string"}] * 1_400},
        {"enum": list(range(1, 6_000))},
        {"properties": {f"p{n}": {} for n in range(1_500)}, "additionalProperties": False},
        {"not": {"not": {"not": {"type": "number"}}}},
    ],
    ids=["anyOf", "enum", "properties", "not"],
)
def test_no_schema_holds_a_thread(items: dict[str, Any]) -> None:
    schema = check_schema({"type": "object", "properties": {"a": {"items": items}}})
    begin = time.thread_time()
    with suppress(InvalidRequest):
        check_data(schema, {"a": [{"x": 1}] * 9_000})
    assert time.thread_time() - begin < SECONDS + 0.75


def test_the_least_and_the_most_are_made() -> None:
    least, most = samples(ORDER)
    assert least == {"number": 5, "lines": [{"name": "text"}], "state": "new"}
    assert most == {**least, "note": "text", "lines": [{"name": "text", "price": 1.5}], "when": "2030-01-31"}
    for made in (least, most):
        check_data(check_schema(ORDER), made)
    assert samples({}) == []
