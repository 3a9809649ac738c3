"""Promise: a wake-up that comes while somebody is at work is never lost, and never waits."""

from deliveries.turns import Turns


def test_one_at_a_time_and_once_more_for_who_came_meanwhile() -> None:
    turns = Turns()
    assert turns.take("a")
    assert turns.take("b")
    assert not turns.take("a")
    assert not turns.take("a")
    assert turns.once_more("a")
    assert not turns.once_more("a")
    assert turns.take("a")


def test_a_turn_that_was_given_up_can_be_taken() -> None:
    turns = Turns()
    turns.take("a")
    turns.take("a")
    turns.give_up("a")
    turns.give_up("a")
    assert turns.take("a")
    assert not turns.once_more("a")
