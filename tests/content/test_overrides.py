"""What one channel says instead: each channel's own fields, checked and cut down like everything else."""

from typing import Any

import pytest

from hub.content.overrides import check_overrides
from hub.exceptions import InvalidRequest


def test_is_kept_by_channel() -> None:
    given = {"email": {"subject": " Hi ", "from_name": "Acme, Ltd."}, "sms": {"body": "Hi"}}
    assert check_overrides(given) == {
        "email": {"subject": "Hi", "from_name": "Acme, Ltd."},
        "sms": {"body": "Hi", "html": ""},
    }


def test_a_push_by_platform_and_device() -> None:
    one = {
        "title": "T",
        "sound": "",
        "image": "https://a.example/b.png",
        "ttl": 0,
        "priority": "low",
        "data": {"a": [1]},
    }
    given = {**one, "fcm": one, "apns": {}, "web_push": {"collapse_id": "x"}, "devices": {"phone": one}}
    assert check_overrides({"push": given}) == {"push": given}


def test_text_and_html_never_differ() -> None:
    assert check_overrides({"email": {"body": "a"}})["email"] == {"body": "a", "html": ""}
    assert check_overrides({"email": {"html": "<b>a</b><script>x</script>"}})["email"] == {
        "html": "<b>a</b>",
        "body": "a",
    }
    both = {"body": "a", "html": "<i>b</i>"}
    assert check_overrides({"email": both})["email"] == both


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ([], "overrides"),
        ({"pigeon": {}}, "overrides.pigeon"),
        ({"in_app": {"title": "x"}}, "overrides.in_app"),
        ({"x" * 300: {}}, f"overrides.{'x' * 190}"),
        ({"email": "x"}, "overrides.email"),
        ({"email": None}, "overrides.email"),
        ({"email": {"to": "x@example.com"}}, "overrides.email.to"),
        ({"email": {"subject": 1}}, "overrides.email.subject"),
        ({"email": {"subject": "a\r\nBcc: x@example.com"}}, "overrides.email.subject"),
        ({"email": {"subject": "x" * 201}}, "overrides.email.subject"),
        ({"email": {"from_name": "a\nb"}}, "overrides.email.from_name"),
        ({"email": {"from_name": "x" * 101}}, "overrides.email.from_name"),
        ({"email": {"body": "x" * 10_001}}, "overrides.email.body"),
        ({"email": {"body": "\x00"}}, "overrides.email.body"),
        ({"email": {"html": "\ud800"}}, "overrides.email.html"),
        ({"email": {"action_url": "javascript:alert(1)"}}, "overrides.email.action_url"),
        ({"sms": {"title": "x"}}, "overrides.sms.title"),
        ({"push": "x"}, "overrides.push"),
        ({"push": {"subject": "x"}}, "overrides.push.subject"),
        ({"push": {"title": "x" * 201}}, "overrides.push.title"),
        ({"push": {"sound": "a\nb"}}, "overrides.push.sound"),
        ({"push": {"image": "/17.png"}}, "overrides.push.image"),
        ({"push": {"image": "javascript:x"}}, "overrides.push.image"),
        ({"push": {"ttl": -1}}, "overrides.push.ttl"),
        ({"push": {"ttl": True}}, "overrides.push.ttl"),
        ({"push": {"ttl": 1e3}}, "overrides.push.ttl"),
        ({"push": {"priority": "urgent"}}, "overrides.push.priority"),
        ({"push": {"priority": []}}, "overrides.push.priority"),
        ({"push": {"collapse_id": "x" * 65}}, "overrides.push.collapse_id"),
        ({"push": {"data": {"x": "y" * 1100}}}, "overrides.push.data"),
        ({"push": {"data": []}}, "overrides.push.data"),
        ({"push": {"apns": "x"}}, "overrides.push.apns"),
        ({"push": {"apns": {"fcm": {}}}}, "overrides.push.apns.fcm"),
        ({"push": {"apns": {"ttl": "1"}}}, "overrides.push.apns.ttl"),
        ({"push": {"devices": []}}, "overrides.push.devices"),
        ({"push": {"devices": {"phone": {"devices": {}}}}}, "overrides.push.devices.phone.devices"),
        ({"push": {"devices": {str(number): {} for number in range(101)}}}, "overrides.push.devices"),
    ],
)
def test_names_the_field_that_is_wrong(overrides: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_overrides(overrides)
    assert [error.field for error in refused.value.errors] == [field]
