"""Data made from a JSON Schema: as little as it allows, and all that it names. What fills a template with the one and with the
other fills it with whatever the schema lets through, as far as variables go."""

from collections.abc import Mapping
from typing import Any

_TEXTS = {
    "date-time": "2030-01-31T09:00:00Z",
    "date": "2030-01-31",
    "time": "09:00:00Z",
    "email": "alice@example.com",
    "uri": "https://example.com/",
    "uuid": "0190a0a0-0000-7000-8000-000000000000",
}


def samples(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The least and the most, for a schema as `hub.content.schema` lets it through; none for an empty one."""
    return [_object(schema, whole=False), _object(schema, whole=True)] if schema else []


def _object(schema: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    schema = _merged(schema)
    known = schema.get("properties", {})
    names = [*known, *(name for name in schema.get("required", ()) if name not in known)]
    wanted = names if whole else [name for name in names if name in schema.get("required", ())]
    return {name: _value(known.get(name, True), whole=whole) for name in wanted}


def _value(schema: Any, *, whole: bool) -> Any:
    if not isinstance(schema, dict):
        return "text"
    schema = _merged(schema)
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    for several in ("enum", "examples"):
        if schema.get(several):
            return schema[several][0]
    kind = schema.get("type", "object" if "properties" in schema else "array" if "items" in schema else "string")
    kind = kind if isinstance(kind, str) else next((one for one in kind if one != "null"), "null")
    if kind == "object":
        return _object(schema, whole=whole)
    if kind == "array":
        return [_value(schema.get("items", True), whole=whole)] * max(1, min(schema.get("minItems", 1), 100))
    plain = {"integer": int(schema.get("minimum", 1)), "number": schema.get("minimum", 1.5), "boolean": whole}
    return plain.get(kind, None if kind == "null" else _TEXTS.get(schema.get("format", ""), "text"))


def _merged(schema: Mapping[str, Any]) -> dict[str, Any]:
    """With what it has in `allOf`, and the first of what it may be."""
    merged = dict(schema)
    parts = [*schema.get("allOf", ()), *schema.get("anyOf", ())[:1], *schema.get("oneOf", ())[:1]]
    for part in (_merged(one) for one in parts if isinstance(one, dict)):
        properties = {**part.get("properties", {}), **merged.get("properties", {})}
        required = [*merged.get("required", ()), *part.get("required", ())]
        merged = {**part, **merged, "properties": properties, "required": required}
    return merged
