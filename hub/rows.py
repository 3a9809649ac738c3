"""Rows to and from hand-written SQL, for the few statements that every request and every delivery makes: the ORM takes four
times as long to ask, and psycopg twenty times as long to write an array."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


def columns(model: type[Model], alias: str) -> str:
    """What to select of a table for `instances`, such as `t.id, t.slug`."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def instances(models: Sequence[type[Model]], values: Sequence[Any]) -> list[Any]:
    """One instance of each model, from the values of their `columns` one after the other; None where its key is NULL."""
    found, begin = [], 0
    for model in models:
        shape = _shape(model)
        own = list(values[begin : begin + shape.width])
        found.append(None if own[shape.key] is None else _instance(model, shape, own))
        begin += shape.width
    return found


def by_key(model: type[M], keys: Collection[Any]) -> dict[Any, M]:
    """Those that there are, whole."""
    statement = f"SELECT {columns(model, 't')} FROM {model._meta.db_table} t WHERE t.id = ANY(%s::uuid[])"  # noqa: S608 constants only
    with connection.cursor() as db:
        db.execute(statement, [array(keys)])
        found = [instances([model], values)[0] for values in db.fetchall()]
    return {one.pk: one for one in found}


def array(ids: Collection[UUID | str]) -> str:
    """For `ANY(%s::uuid[])`, or digests for `ANY(%s::text[])`."""
    return "{" + orjson.dumps([*ids]).decode()[1:-1] + "}"


def records(rows: Iterable[Mapping[str, Any]]) -> str:
    """For `json_to_recordset(%s)`."""
    return orjson.dumps([*rows]).decode()


def _instance(model: type[Model], shape: "_Shape", values: list[Any]) -> Model:
    for index, convert in shape.converters:
        values[index] = convert(values[index], None, connection)
    return model.from_db(None, shape.names, values)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A model's fields: the names, which is the key, and those that don't take the database's values as they are."""

    names: list[str]
    key: int
    converters: list[tuple[int, Callable[..., Any]]]

    @property
    def width(self) -> int:
        return len(self.names)


@cache
def _shape(model: type[Model]) -> _Shape:
    fields: list[Any] = list(model._meta.concrete_fields)
    converters = [(i, f.from_db_value) for i, f in enumerate(fields) if hasattr(f, "from_db_value")]
    return _Shape([f.attname for f in fields], [f.primary_key for f in fields].index(True), converters)
