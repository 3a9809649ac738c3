"""Promise: what is asked together is one trip to the database, and each question gets its own answer."""

from typing import Any

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext
from psycopg.pq import PipelineStatus

from hub.rows import Question, array, ask, ask_all, records

pytestmark = pytest.mark.django_db


def sum_of(numbers: list[int]) -> Question[int]:
    if not numbers:
        return 0
    rows = yield "SELECT sum(n) FROM json_to_recordset(%s) AS r(n int)", [records({"n": n} for n in numbers)]
    return int(rows[0][0])


def twice(numbers: list[int]) -> Question[int]:
    return 2 * (yield from sum_of(numbers))


def test_each_gets_its_own_answer_also_who_need_not_ask() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert ask_all(sum_of([1, 2]), sum_of([]), twice([4]), sum_of([5])) == [3, 0, 8, 5]
    assert len(asked) == 3
    assert ask(sum_of([7])) == 7
    assert ask_all() == []


def test_all_go_in_one_trip() -> None:
    """Nobody waits for the first answer before the second question is on its way."""
    modes: list[PipelineStatus] = []

    def look(execute: Any, *given: Any) -> Any:
        modes.append(connection.connection.pgconn.pipeline_status)
        return execute(*given)

    with connection.execute_wrapper(look):
        assert ask_all(sum_of([1]), sum_of([2])) == [1, 2]
    assert modes == [PipelineStatus.ON, PipelineStatus.ON]


def test_an_error_is_djangos_own() -> None:
    def wrong() -> Question[None]:
        yield "SELECT 1 / %s", [0]

    with pytest.raises(DataError):
        ask_all(sum_of([1]), wrong())


def test_an_array_is_read_as_one() -> None:
    with connection.cursor() as db:
        db.execute("SELECT cardinality(%s::text[]), cardinality(%s::text[])", [array([]), array(["a", "b"])])
        assert db.fetchone() == (0, 2)
