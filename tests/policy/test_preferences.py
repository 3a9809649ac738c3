"""A subscriber's own choice comes first, then the default of the event type."""

import pytest

from hub.policy.preferences import switched_off

ALL = {"in_app", "push", "email", "sms", "chat"}


@pytest.mark.parametrize(
    ("chosen", "default_on", "off"),
    [
        ({}, True, set()),
        ({}, False, ALL),
        ({"email": False}, True, {"email"}),
        ({"email": False}, False, ALL),
        ({"email": True}, True, set()),
        ({"email": True, "in_app": True}, False, {"push", "sms", "chat"}),
    ],
)
def test_switched_off(chosen: dict[str, bool], default_on: bool, off: set[str]) -> None:
    assert switched_off(chosen, default_on=default_on) == off
