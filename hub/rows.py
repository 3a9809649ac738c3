"""Rows to and from hand-written SQL, for the few statements that every request and every delivery makes: the ORM takes four
times as long to ask, and psycopg twenty times as long to write an array."""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)
T = TypeVar("T")

Statement = tuple[str, Sequence[Any]]
Rows = list[tuple[Any, ...]]
# It yields one statement with its parameters, is sent the rows, and returns what it makes of them; or returns at once.
Question = Generator[Statement, Rows, T]


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


def by_key(model: type[M], keys: Collection[Any]) -> Question[dict[Any, M]]:
    """Those that there are, whole."""
    statement = f"SELECT {columns(model, 't')} FROM {model._meta.db_table} t WHERE t.id = ANY(%s::uuid[])"  # noqa: S608 constants only
    rows = yield statement, [array(keys)]
    found = [instances([model], values)[0] for values in rows]
    return {one.pk: one for one in found}


def ask(question: Question[T]) -> T:
    """What a question alone comes to."""
    found: T = ask_all(question)[0]
    return found


def ask_all(*questions: Question[Any]) -> list[Any]:
    """What each of these comes to, asked in one trip to the database: whoever waits for an answer waits for the interpreter
    too, while it works for others."""
    found: dict[Question[Any], Any] = {}
    asked: list[tuple[Question[Any], Statement]] = []
    for question in questions:
        try:
            asked.append((question, next(question)))
        except StopIteration as end:
            found[question] = end.value
    for (question, _), rows in zip(asked, in_one_trip([statement for _, statement in asked]), strict=True):
        try:
            question.send(rows)
        except StopIteration as end:
            found[question] = end.value
    return [found[question] for question in questions]


def in_one_trip(statements: Sequence[Statement]) -> list[Rows]:
    """The rows of each, in that order."""
    if not statements:
        return []
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        cursors = [connection.cursor() for _ in statements]
        for db, statement in zip(cursors, statements, strict=True):
            db.execute(*statement)
    return [db.fetchall() if db.description else [] for db in cursors]


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
