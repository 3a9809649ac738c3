"""Promise: five failures in a row put an account to rest, one call tries it out, and what it asks for is kept to the second."""

import pytest

from hub.policy.circuit import FORGOTTEN, Circuit, Rule, State
from hub.policy.retry import Answer, Outcome

RULE = Rule(failures=5, rest=300)
NOW = 1_000.0
OPEN = Circuit(5, NOW + 100, 0, NOW - 200)
HALF = Circuit(5, NOW - 1, 0, NOW - 301)
FOUR = Circuit(4, 0, 0, NOW - 1)


def after(circuit: Circuit, *outcomes: str, retry_after: float | None = None) -> Circuit:
    return circuit.after([Answer(Outcome(o), retry_after) for o in outcomes], NOW, RULE)


@pytest.mark.parametrize(
    ("circuit", "outcomes", "failures", "state"),
    [
        (Circuit(), ["transient"], 1, "closed"),
        (Circuit(), ["transient", "ambiguous", "configuration", "transient"], 4, "closed"),
        (Circuit(), ["transient", "ambiguous", "configuration", "transient", "ambiguous"], 5, "open"),
        # in a row: any answer about a message shows that it works
        (FOUR, ["sent"], 0, "closed"),
        (FOUR, ["permanent", "transient"], 1, "closed"),
        (FOUR, ["address_dead"], 0, "closed"),
        # what says nothing of it
        (FOUR, ["deferred"], 4, "closed"),
        (FOUR, ["throttled"], 4, "closed"),
        (FOUR, ["unfit"], 4, "closed"),
        (FOUR, ["throttled", "transient"], 5, "open"),
        # late answers of calls that began before
        (OPEN, ["sent"], 5, "open"),
        (OPEN, ["transient"], 5, "open"),
        # the probe
        (HALF, [], 5, "half_open"),
        (HALF, ["sent"], 0, "closed"),
        (HALF, ["transient"], 5, "open"),
        (HALF, ["throttled"], 5, "half_open"),
        (HALF.probed(NOW, 30), ["throttled"], 5, "half_open"),
    ],
)
def test_it_becomes(circuit: Circuit, outcomes: list[str], failures: int, state: str) -> None:
    got = after(circuit, *outcomes)
    assert (got.failures, got.state(NOW, RULE)) == (failures, state)
    assert got.probe_until == 0


def test_it_rests_as_long_as_the_rule_says() -> None:
    opened = after(FOUR, "ambiguous")
    assert opened.rests_until == NOW + 300
    assert [opened.state(NOW + seconds, RULE) for seconds in (299.9, 300)] == [State.OPEN, State.HALF_OPEN]
    # those that fail meanwhile don't lengthen it
    assert after(OPEN, "transient", "ambiguous") == OPEN


@pytest.mark.parametrize(("asked", "seconds"), [(7.5, 7.5), (0.0, 0.0), (None, 0.0), (-3.0, 0.0), (10**9, 24 * 3600.0)])
def test_it_rests_as_long_as_the_provider_asks(asked: float | None, seconds: float) -> None:
    got = after(Circuit(), "throttled", retry_after=asked)
    assert max(got.rests_until - NOW, 0) == seconds
    # and then is called by everybody again
    assert got.state(NOW + seconds, RULE) is State.CLOSED


def test_a_shorter_wish_does_not_shorten_a_rest() -> None:
    assert after(OPEN, "throttled", retry_after=5).rests_until == OPEN.rests_until


@pytest.mark.parametrize("circuit", [Circuit(), OPEN, HALF.probed(NOW, 30.25), Circuit(1, 0, 0, 1732204800.123457)])
def test_it_is_stored_and_read_back(circuit: Circuit) -> None:
    assert Circuit.decoded(circuit.encoded()) == circuit


def test_a_new_one_is_nothing_to_store_and_an_old_one_is_forgotten() -> None:
    assert Circuit().encoded() == ""
    assert not FOUR.is_forgotten(NOW + FORGOTTEN - 2)
    assert FOUR.is_forgotten(NOW + FORGOTTEN)
    assert not OPEN.is_forgotten(NOW + FORGOTTEN)
