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
        ({"x" * 200: {}}, f"overrides.{'x' * 90}"),
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
    ],
)
def test_names_the_field_that_is_wrong(overrides: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_overrides(overrides)
    assert [error.field for error in refused.value.errors] == [field]
