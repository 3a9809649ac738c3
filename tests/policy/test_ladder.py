"""The ladder, as a table."""

from typing import Any

import pytest

from hub.policy.ladder import choose, plan, problems

MESSAGE = [{"channel": "push", "after": 60, "unless": "focused"}, {"channel": "email", "after": 600, "unless": "read"}]


@pytest.mark.parametrize(
    ("reachable", "off", "absent", "grace", "expected"),
    [
        # who is here waits the whole ladder
        ({"push", "email"}, set(), False, 0, [("push", 60, ""), ("email", 660, "")]),
        # absence skips the first grace only
        ({"push", "email"}, set(), True, 0, [("push", 0, ""), ("email", 600, "")]),
        # away without a device: the email takes the push's turn
        ({"email"}, set(), True, 0, [("push", 0, "no_destination"), ("email", 0, "")]),
        # here without a device: the email waits its own time
        ({"email"}, set(), False, 0, [("push", 60, "no_destination"), ("email", 660, "")]),
        # what is switched off hands nothing on
        ({"push", "email"}, {"push"}, True, 0, [("push", 0, "preference_off"), ("email", 600, "")]),
        ({"push", "email"}, {"email"}, True, 0, [("push", 0, ""), ("email", 600, "preference_off")]),
        # absence that is only assumed adds a common grace
        ({"email"}, set(), True, 30, [("push", 30, "no_destination"), ("email", 30, "")]),
        (set(), set(), True, 0, [("push", 0, "no_destination"), ("email", 0, "no_destination")]),
    ],
)
def test_plan(reachable: set[str], off: set[str], absent: bool, grace: int, expected: list[Any]) -> None:
    planned = plan(MESSAGE, reachable=reachable, off=off, absent=absent, grace=grace)
    assert [(step.channel, step.delay, step.reason) for step in planned] == expected


def test_levels_come_from_the_step_or_the_channel() -> None:
    ladder = [{"channel": "push"}, {"channel": "email"}, {"channel": "sms", "unless": "never"}]
    levels = [step.cancel_level for step in plan(ladder, reachable=(), off=(), absent=True)]
    assert levels == [1, 2, 4]


@pytest.mark.parametrize(
    ("ladder", "field"),
    [
        ("email", ""),
        ([{"channel": "pigeon"}], "0.channel"),
        ([{"channel": "email", "after": -1}], "0.after"),
        ([{"channel": "email", "after": True}], "0.after"),
        ([{"channel": "email", "unless": "dead"}], "0.unless"),
        ([{"channel": "email", "when": 3}], "0.when"),
        ([{"channel": "email"}, {"channel": "email"}], "1"),
        ([3], "0"),
    ],
)
def test_a_ladder_that_can_not_be_planned_says_where(ladder: object, field: str) -> None:
    assert field in [path for path, _ in problems(ladder)]


def test_a_good_ladder_has_no_problems() -> None:
    assert problems(MESSAGE) == []


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (None, [("push", 60), ("email", 660)]),
        ("all", [("push", 60), ("email", 660), ("sms", 0)]),
        (["email"], [("email", 600)]),
        (["in_app"], []),
        (["sms", "push"], [("push", 60), ("sms", 0)]),
    ],
)
def test_channels_that_are_asked_for(channels: Any, expected: list[tuple[str, int]]) -> None:
    chosen = choose(MESSAGE, channels, ["email", "sms"])
    steps = plan(chosen, reachable={"push", "email", "sms"}, off=(), absent=False)
    assert [(step.channel, step.delay) for step in steps] == expected


def test_what_goes_out_beside_takes_nobodys_turn() -> None:
    chosen = choose(MESSAGE, ["sms", "push", "email"], [])
    absent = plan(chosen, reachable={"email"}, off=(), absent=True, grace=30)
    delays = [(step.channel, step.delay, step.reason) for step in absent]
    assert delays == [("push", 30, "no_destination"), ("email", 30, ""), ("sms", 30, "no_destination")]
