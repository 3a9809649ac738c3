"""Templates are made at run time and named by requests; what was accepted keeps what it said."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hub.notifications.models import Notification
from tests.api.client import Api, fields_of, problem_of, rolled_back

pytestmark = rolled_back

WELCOME: dict[str, Any] = {
    "name": "Welcome",
    "title": "Welcome, {{ data.name }}",
    "body": "{{ tenant.name }} is glad.",
    "html": "",
    "action_url": "/start",
    "actions": [{"key": "tour", "label": "Take the tour", "url": "/tour/{{ data.name }}"}],
}


@pytest.fixture
def welcome(server: Api) -> str:
    assert server.put("/templates/welcome", WELCOME | {"publish": True}).status_code == 200
    return "/templates/welcome"


def test_made_changed_removed(server: Api) -> None:
    made = server.post("/templates", {"key": "welcome", **WELCOME})
    assert made.status_code == 201
    assert made.json() | WELCOME == made.json()
    problem_of(server.post("/templates", {"key": "welcome", **WELCOME}), 409, "conflict")
    assert server.get("/templates/welcome").json() == made.json()
    assert server.patch("/templates/welcome", {"body": None, "title": "Hi"}).json()["body"] == ""
    replaced = server.put("/templates/welcome", {"html": "<b>Hi</b>"}).json()
    assert (replaced["name"], replaced["title"], replaced["actions"]) == ("", "", [])
    assert replaced["updated_at"] >= made.json()["updated_at"]
    assert [row["key"] for row in server.get("/templates").json()["items"]] == ["welcome"]
    assert server.delete("/templates/welcome").status_code == 204
    for gone in (server.get, server.patch, server.delete):
        problem_of(gone("/templates/welcome"), 404, "not_found")


def test_is_said_instead_of_the_event_types_own(server: Api, welcome: str) -> None:
    server.put("/event-types/user.new", {"category": "users", "template": {"title": "Its own", "html": "<i>own</i>"}})
    wanted = {"to": "alice", "event": "user.new", "data": {"name": "Al"}}
    assert server.post("/notifications", wanted).json()["title"] == "Its own"
    told = server.post("/notifications", wanted | {"template": "welcome"}).json()
    assert (told["title"], told["template"], told["category"]) == ("Welcome, Al", "welcome", "users")
    full = server.get(f"/notifications/{told['id']}").json()
    assert (full["html"], full["actions"][0]["url"]) == ("", "/tour/Al")
    mine = server.post("/notifications", wanted | {"template": "welcome", "title": "Mine"}).json()
    assert mine["title"] == "Mine"


def test_needs_no_event_type(server: Api, welcome: str) -> None:
    told = server.post("/notifications", {"to": "alice", "template": "welcome", "data": {"name": "Al"}}).json()
    assert (told["event"], told["title"]) == ("message", "Welcome, Al")


def test_names_the_variable_that_is_missing(server: Api, welcome: str) -> None:
    document = problem_of(server.post("/notifications", {"to": "alice", "template": "welcome"}), 422, "invalid_request")
    assert {(error["field"], error["code"]) for error in document["errors"]} == {("data.name", "missing_variable")}
    assert not Notification.objects.exists()


def test_what_was_accepted_outlives_its_template(server: Api, welcome: str) -> None:
    wanted: dict[str, Any] = {"to": "alice", "template": "welcome", "data": {"name": "Al"}}
    wanted["send_at"] = (timezone.now() + timedelta(days=1)).isoformat()
    waiting = server.post("/notifications", wanted).json()
    assert server.delete(welcome).status_code == 204
    assert server.get(f"/notifications/{waiting['id']}").json()["title"] == "Welcome, Al"
    assert fields_of(problem_of(server.post("/notifications", wanted), 422, "invalid_request")) == {"template"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "{{ data.x"}, "title"),
        ({"title": "{{ nonsense }}"}, "title"),
        ({"body": "{{ data.x | nonsense }}"}, "body"),
        ({"html": "{% include 'secrets' %}"}, "html"),
        ({"title": 1}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"body": "x" * 100_001}, "body"),
        ({"title": "x", "example": {"x": "x" * 600_000}}, "example"),
        ({"title": "", "body": ""}, "title"),
        ({"name": "x" * 201}, "name"),
        ({"name": []}, "name"),
        ({"action_url": {}}, "action_url"),
        ({"actions": {}}, "actions"),
        ({"actions": [1]}, "actions.0"),
        ({"actions": [{"key": "a"}]}, "actions.0"),
        ({"actions": [{"key": "a", "label": "A", "colour": "red"}]}, "actions.0"),
        ({"actions": [{"key": "a", "label": "{{"}]}, "actions.0.label"),
        ({"actions": [{"key": "a", "label": 1}]}, "actions.0.label"),
        ({"actions": [{"key": "a", "label": "A"}] * 6}, "actions"),
        ({"nonsense": 1}, "nonsense"),
        ({"kind": "poem"}, "kind"),
        ({"channels": {"fax": {}}}, "channels.fax"),
        ({"channels": {"sms": {"title": "x"}}}, "channels.sms.title"),
        ({"channels": {"sms": {"body": "{{ x"}}}, "channels.sms.body"),
        ({"channels": {"sms": {"body": "{{ secret }}"}}}, "channels.sms.body"),
        ({"channels": []}, "channels"),
        ({"locales": {"p": {}}}, "locales.p"),
        ({"locales": {"pt": {"locales": {}}}}, "locales.pt.locales"),
        ({"locales": {"pt-br": {"title": "x"}, "pt_BR": {"title": "y"}}}, "locales.pt_BR"),
        ({"locales": {"pt": {"title": "{{"}}}, "locales.pt.title"),
        ({"locales": 1}, "locales"),
        ({"layout": "a b"}, "layout"),
        ({"schema": {"type": "string"}}, "schema.type"),
        ({"schema": 1}, "schema"),
        ({"example": []}, "example"),
    ],
)
def test_names_the_field_that_is_wrong(server: Api, change: dict[str, Any], field: str) -> None:
    for send, path in ((server.put, "/templates/a"), (server.post, "/templates")):
        body = WELCOME | change | ({"key": "a"} if path == "/templates" else {})
        assert field in fields_of(problem_of(send(path, body), 422, "invalid_request"))
    assert server.get("/templates").json()["items"] == []


@pytest.mark.parametrize("key", ["", "a b", "-a", "x" * 101, 1, None, "\ud800"])
def test_a_key_is_short_and_plain(server: Api, key: Any) -> None:
    encoded = b'{"key": "\\ud800", "title": "x"}' if key == "\ud800" else {"key": key, "title": "x"}
    assert server.post("/templates", encoded).status_code in (400, 422)


def test_a_stranger_has_their_own(server: Api, stranger: Api, welcome: str) -> None:
    for method in (stranger.get, stranger.patch, stranger.delete):
        problem_of(method(welcome), 404, "not_found")
    assert stranger.get("/templates").json()["items"] == []
    document = problem_of(stranger.post("/notifications", {"to": "x", "template": "welcome"}), 422, "invalid_request")
    assert fields_of(document) == {"template"}
    stranger.put(welcome, {"title": "Theirs"})
    assert server.get(welcome).json()["name"] == "Welcome"
