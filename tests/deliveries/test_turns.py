"""One run at a time, and nobody who came meanwhile is forgotten."""

from deliveries.turns import Turns


def test_who_comes_while_somebody_runs_makes_it_go_round_once_more() -> None:
    turns = Turns()
    turn = turns.take("a")
    assert turn
    assert turns.take("b")
    assert not turns.take("a")
    assert not turns.take("a")
    assert turns.once_more(turn)
    assert not turns.once_more(turn)
    assert turns.take("a")


def test_a_turn_that_is_given_up_forgets_who_asked() -> None:
    turns = Turns()
    turn = turns.take("a")
    assert turn
    turns.take("a")
    turns.give_up(turn)
    turns.give_up(turn)
    again = turns.take("a")
    assert again
    assert not turns.once_more(again)


def test_the_end_of_a_turn_leaves_the_next_one_alone() -> None:
    turns = Turns()
    first = turns.take("a")
    assert first
    assert not turns.once_more(first)
    second = turns.take("a")
    assert second
    turns.give_up(first)  # it was still tidying up
    assert not turns.take("a")
    assert turns.once_more(second)
