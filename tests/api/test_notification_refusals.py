"""POST /notifications names whatever is wrong with a request, all of it at once, and does nothing of it."""

from typing import Any

import pytest

from hub.notifications.models import Notification
from tests.api.client import Api, fields_of, problem_of, rolled_back

pytestmark = rolled_back


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "x"}, "to"),
        ({"to": "alice"}, "title"),
        ({"to": "alice", "title": 1}, "title"),
        ({"to": "alice", "title": "x", "colour": "red"}, "colour"),
        ({"to": "alice", "title": "x", "data": []}, "data"),
        ({"to": "alice", "title": "x", "tags": "a"}, "tags"),
        ({"to": "alice", "title": "x", "tags": [1]}, "tags.0"),
        ({"to": "alice", "title": "x", "actions": [{"key": "a"}]}, "actions.0.label"),
        ({"to": "alice", "title": "x", "actions": [1]}, "actions.0"),
        ({"to": "alice", "title": "x", "actor": {"id": "1"}}, "actor.name"),
        ({"to": "alice", "title": "x", "actor": {"name": "A", "avatar_url": "javascript:1"}}, "actor.avatar_url"),
        ({"to": "alice", "title": "x", "action_url": "javascript:alert(1)"}, "action_url"),
        ({"to": "alice", "title": "x", "action_url": "//evil.example"}, "action_url"),
        ({"to": "alice", "title": "x", "send_at": "tomorrow"}, "send_at"),
        ({"to": "alice", "title": "x", "send_at": "2030-01-01T00:00:00"}, "send_at"),
        ({"to": "alice", "title": "x", "send_at": "2030-13-01T00:00:00Z"}, "send_at"),
        ({"to": "alice", "title": "x", "priority": "urgent"}, "priority"),
        ({"to": "alice", "title": "x", "priority": {}}, "priority"),
        ({"to": "alice", "title": "x", "event": "no.such"}, "event"),
        ({"to": {"topic": "no-such"}, "title": "x"}, "to.topic"),
        ({"to": [], "title": "x"}, "to"),
        ({"to": 7, "title": "x"}, "to"),
        ({"to": {"email": "nonsense"}, "title": "x"}, "to.email"),
        ({"to": "alice", "title": "x" * 501}, "title"),
        ({"to": "alice", "title": "x", "data": {"a": "x" * 70_000}}, "data"),
        ({"to": "alice", "title": "x", "data": "text"}, "data"),
        ({"to": "alice", "title": "x", "data": {"a": nested(65)}}, "data"),
        ({"to": "alice", "title": "a\x00b"}, "title"),
        ({"to": "alice", "title": "x", "data": {"a": ["\x00"]}}, "data.a.0"),
        ({"to": "alice", "title": "x", "tags": ["\x00"]}, "tags.0"),
        ({"to": "alice", "title": "x", "tags": ["a\nb"]}, "tags.0"),
        ({"to": "alice", "title": "x", "tags": [""]}, "tags"),
        ({"to": "alice", "title": "x", "tags": ["x" * 101]}, "tags.0"),
        ({"to": "alice", "title": "x", "tags": ["x"] * 21}, "tags"),
        ({"to": "alice", "title": "x", "tags": {}}, "tags"),
        ({"to": "alice", "title": "x", "actor": "Bob"}, "actor"),
        ({"to": "alice", "title": "x", "actor": {"name": 7}}, "actor.name"),
        ({"to": "alice", "title": "x", "actor": {"name": "x" * 256}}, "actor.name"),
        ({"to": "alice", "title": "x", "actor": {"name": "A", "role": "x"}}, "actor.role"),
        ({"to": "alice", "title": "x", "actor": {"name": "A", "avatar_url": "mailto:a@b.example"}}, "actor.avatar_url"),
        ({"to": "alice", "title": "x", "actions": {}}, "actions"),
        ({"to": "alice", "title": "x", "actions": [{"key": "a", "label": "A"}] * 6}, "actions"),
        ({"to": "alice", "title": "x", "actions": [{"key": "a", "label": "A"}] * 2}, "actions"),
        ({"to": "alice", "title": "x", "actions": [{"key": "a", "label": 7}]}, "actions.0.label"),
        (
            {"to": "alice", "title": "x", "actions": [{"key": "a", "label": "A", "url": "javascript:1"}]},
            "actions.0.url",
        ),
        ({"to": "alice", "title": "x", "actions": [{"key": "a", "label": "A", "x": 1}]}, "actions.0.x"),
        ({"to": "alice", "title": "x", "action_url": "data:text/html,x"}, "action_url"),
        ({"to": "alice", "title": "x", "action_url": "/" + "x" * 2_000}, "action_url"),
        ({"to": "alice", "title": "x", "action_url": 7}, "action_url"),
        ({"to": "alice", "title": "x", "body": "x" * 10_001}, "body"),
        ({"to": "alice", "title": "x", "html": "x" * 100_001}, "html"),
        ({"to": "alice", "title": "x", "html": []}, "html"),
        ({"to": "alice", "title": " \n "}, "title"),
        ({"to": "alice", "title": "x", "send_at": 1}, "send_at"),
        ({"to": "alice", "title": "x", "send_at": "2999-01-01T00:00:00Z"}, "send_at"),
        ({"to": "alice", "title": "x", "send_at": "9999-12-31T23:59:59-23:59"}, "send_at"),
        ({"to": "alice", "title": "x", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"to": "alice", "title": "x", "expires_at": "0001-01-01T00:00:00+23:59"}, "expires_at"),
        ({"to": "alice", "title": "x", "group_key": "x" * 201}, "group_key"),
        ({"to": "alice", "title": "x", "group_key": "a\nb"}, "group_key"),
        ({"to": "alice", "title": "x", "cancel_key": ["a"]}, "cancel_key"),
        ({"to": "alice", "title": "x", "event": {}}, "event"),
        ({"to": "alice", "title": "x", "event": "a b"}, "event"),
        ({"to": "alice", "title": "x", "template": "no-such"}, "template"),
        ({"to": "alice", "title": "x", "template": "../etc"}, "template"),
        ({"to": "alice", "title": "x", "template": 7}, "template"),
        ({"to": None, "title": "x"}, "to"),
        ({"to": "", "title": "x"}, "to"),
        ({"to": "x" * 256, "title": "x"}, "to"),
        ({"to": ["alice", {"id": "b", "email": 7}], "title": "x"}, "to.1.email"),
        ({"to": {"topic": 7}, "title": "x"}, "to.topic"),
    ],
)
def test_names_the_field_that_is_wrong(server: Api, body: dict[str, Any], field: str) -> None:
    document = problem_of(server.post("/notifications", body), 422, "invalid_request")
    assert field in fields_of(document), document
    assert not Notification.objects.exists()


def test_names_all_wrong_fields_at_once(server: Api) -> None:
    document = problem_of(server.post("/notifications", {"title": 1, "nonsense": 2}), 422, "invalid_request")
    assert fields_of(document) == {"to", "title", "nonsense"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"to": "alice", "title": "\\ud800"}',
        b'{"to": "alice", "title": "\xff"}',
        b'{"to"',
        b"[]",
        b'"x"',
        b"[" * 2_000,
    ],
    ids=["surrogate", "not UTF-8", "cut off", "a list", "a text", "deep"],
)
def test_what_is_no_json_object_is_malformed(server: Api, body: bytes) -> None:
    problem_of(server.call("POST", "/notifications", body), 400, "malformed")
    assert not Notification.objects.exists()
