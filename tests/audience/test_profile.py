"""What a profile becomes: null removes, objects are merged, and everything has its limit."""

from typing import Any

import pytest

from hub.audience.profile import EMPTY, changed, check_profile, merged
from hub.exceptions import InvalidRequest


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": 1}, {"b": None}, {"a": 1}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": None, "z": 3}}, {"a": {"y": 2, "z": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
        ({"a": {"b": 1}}, {"a": "text"}, {"a": "text"}),
    ],
)
def test_attributes_are_merged(before: dict[str, Any], patch: dict[str, Any], after: dict[str, Any]) -> None:
    original = repr(before)
    assert merged(before, patch) == after
    assert repr(before) == original


def test_null_empties_a_field() -> None:
    profile = EMPTY | {"name": "A", "email": "a@example.com", "attributes": {"a": 1}}
    changes = check_profile({"name": None, "attributes": None})
    assert changed(profile, changes) == EMPTY | {"email": "a@example.com"}


def test_attributes_are_five_levels_deep_at_most() -> None:
    assert check_profile({"attributes": {"a": [{"b": [{"c": 1}]}]}})
    with pytest.raises(InvalidRequest, match="deeper"):
        check_profile({"attributes": {"a": [{"b": [{"c": []}]}]}})
