"""What landed goes on record in batches, one transaction at a time, and none of it is forgotten."""

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import pytest

from deliveries import recorder
from deliveries.recorder import Recorder
from hub.fallback.record import Result
from hub.fallback.settlement import Claimed
from hub.ids import uuid7
from hub.policy.retry import Outcome

PATIENCE = 30.0


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many results each transaction had."""
    batches: list[int] = []
    monkeypatch.setattr(recorder, "record", lambda results: batches.append(len(results)))
    return batches


def results(count: int) -> list[Result]:
    return [Result(Claimed(uuid7(), "email", 1, 0, 0), uuid7(), Outcome.SENT) for _ in range(count)]


def test_what_lands_while_a_transaction_runs_shares_the_next(
    monkeypatch: pytest.MonkeyPatch, written: list[int]
) -> None:
    begun, go_on = Event(), Event()
    monkeypatch.setattr(recorder, "record", held(begun, go_on, recorder.record))
    own = Recorder(lambda: None)
    own.take(results(1))
    assert begun.wait(PATIENCE)
    own.take(results(2))
    own.take(results(3))
    assert (own.behind, written) == (6, [])
    go_on.set()
    own.close()
    assert (own.behind, written) == (0, [1, 5])


def test_it_says_when_something_is_on_record(written: list[int]) -> None:
    done = Event()
    own = Recorder(done.set)
    own.take(results(2))
    assert done.wait(PATIENCE)
    own.take(())
    assert (own.behind, written) == (0, [2])
    own.close()


def test_a_drain_that_finds_nothing_starts_no_thread(monkeypatch: pytest.MonkeyPatch, written: list[int]) -> None:
    monkeypatch.setattr(recorder, "ThreadPoolExecutor", None)
    own = Recorder(lambda: None)
    own.take(())
    own.close()
    assert written == []


@pytest.mark.parametrize("again", [True, False], ids=["at the next", "at the end"])
def test_what_can_not_be_recorded_is_heard_of(monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    failed = Event()

    def fail(_: Sequence[Result]) -> int:
        raise ValueError("no")

    monkeypatch.setattr(recorder, "record", fail)
    own = Recorder(failed.set)
    own.take(results(1))
    assert failed.wait(PATIENCE)
    with pytest.raises(ValueError, match="no"):
        own.take(()) if again else own.close()
    if again:
        own.close()


def held(begun: Event, go_on: Event, write: Callable[[Sequence[Result]], Any]) -> Callable[[Sequence[Result]], Any]:
    """`write`, which begins and then waits."""

    def wait(given: Sequence[Result]) -> Any:
        begun.set()
        assert go_on.wait(PATIENCE)
        return write(given)

    return wait
