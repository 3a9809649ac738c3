"""JSON Schema for the `data` of a template: checked against what comes, within a budget, without a call to anywhere."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from hub.content import budget
from hub.content.values import plain_object
from hub.exceptions import FieldError, InvalidRequest

MAX_SCHEMA = 32 * 1024
MAX_NESTED = 12
MOST_ERRORS = 20
# Not `pattern`: a regular expression can hold a thread for hours, and Python can't stop it. Not `$ref`: without it a schema
# is a tree, which ends.
KEYWORDS = frozenset(
    {
        *("$schema", "$comment", "title", "description", "default", "examples", "format"),
        *("type", "enum", "const", "properties", "required", "additionalProperties", "propertyNames"),
        *("minProperties", "maxProperties", "dependentRequired", "items", "prefixItems", "minItems", "maxItems"),
        *("contains", "minContains", "maxContains", "minLength", "maxLength", "minimum", "maximum"),
        *("exclusiveMinimum", "exclusiveMaximum", "multipleOf", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
        *("deprecated", "readOnly", "writeOnly"),
    }
)
# where a schema has another, and where a list of them
_ONE = {"additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else"}
_LISTS = {"prefixItems", "allOf", "anyOf", "oneOf"}


def check_schema(value: object, *, field: str = "schema") -> dict[str, Any]:
    """`value` as a JSON Schema (2020-12) of an object. Raises InvalidRequest naming what is wrong with it."""
    schema = plain_object(value, field=field, limit=MAX_SCHEMA)
    for path, depth, keyword in _keywords(field, schema):
        if keyword not in KEYWORDS:
            raise InvalidRequest.on(path, "There is no such keyword here.", "unknown_field")
        if depth > MAX_NESTED:
            raise InvalidRequest.on(path, f"Schemas are nested {MAX_NESTED} deep at most.", "too_deep")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        path = ".".join([field, *(str(part) for part in error.absolute_path)])
        raise InvalidRequest.on(path, f"Is no JSON Schema: {error.message[:200]}.", "schema") from error
    if schema and schema.get("type") != "object":
        raise InvalidRequest.on(f"{field}.type", "Must be object: it describes data.", "schema")
    return schema


def check_data(schema: Mapping[str, Any], data: Mapping[str, Any], *, field: str = "data") -> None:
    """Raise InvalidRequest naming what of `data` isn't as `schema` says."""
    if not schema:
        return
    try:
        with budget.budget():
            found = list(islice(_Validator(schema, registry=Registry()).iter_errors(data), MOST_ERRORS))
    except budget.TooMuchWork as error:
        raise InvalidRequest.on(
            field, "The template's schema can't be checked: it is too much work.", "schema"
        ) from error
    if found:
        errors = [_named(field, error) for error in found]
        raise InvalidRequest(" ".join(f"{error.field}: {error.message}" for error in errors[:3]), errors)


def _named(field: str, error: ValidationError) -> FieldError:
    path = [field, *(str(part) for part in error.absolute_path)]
    code = "schema"
    if error.validator == "required":
        # one error for each name; it stands in the message alone
        names: Any = error.validator_value
        path += [name for name in names if error.message.startswith(f"{name!r} ")][:1]
        code = "required"
    return FieldError(".".join(path), code, f"{error.message[:200]}.")


def _watched(keyword: Callable[..., Any]) -> Callable[..., Iterator[ValidationError]]:
    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        budget.check()
        yield from keyword(validator, value, instance, schema) or ()

    return checked


_Validator = extend(  # type: ignore[no-untyped-call]  # the library's
    Draft202012Validator,
    {name: _watched(check) for name, check in Draft202012Validator.VALIDATORS.items() if name in KEYWORDS},
)


def _keywords(path: str, schema: object) -> Iterator[tuple[str, int, str]]:
    """Every keyword of a schema and of those within it, with its path and depth."""
    stack: list[tuple[str, int, Any]] = [(path, 0, schema)]
    while stack:
        path, depth, part = stack.pop()
        for name, value in part.items() if isinstance(part, dict) else ():
            at = f"{path}.{name}"
            yield at, depth, name
            if name in _ONE:
                stack.append((at, depth + 1, value))
            elif name in _LISTS and isinstance(value, list):
                stack.extend((f"{at}.{number}", depth + 1, one) for number, one in enumerate(value))
            elif name == "properties" and isinstance(value, dict):
                stack.extend((f"{at}.{key}", depth + 1, one) for key, one in value.items())
