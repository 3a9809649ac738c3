"""Event types are made at run time, with a category, a ladder and a template that must make sense."""

from typing import Any

import orjson
import pytest

from hub.audience.models import Subscriber
from hub.inbox.models import InboxItem
from hub.inbox.selectors import list_items
from hub.tenancy.models import Tenant
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back

pytestmark = rolled_back

COMMENT: dict[str, Any] = {
    "name": "New comment",
    "category": "comments",
    "ladder": [{"channel": "email", "after": 60, "unless": "read"}],
    "template": {"title": "{{ actor.name }} commented", "body": "{{ data.text }}"},
}


def title_of(external_id: str, tenant: Tenant) -> str:
    """Of what a subscriber reads last."""
    subscriber = Subscriber.objects.get(tenant=tenant, external_id=external_id)
    return str(orjson.loads(list_items(subscriber_id=subscriber.pk).items[0])["title"])


def test_made_changed_removed(server: Api) -> None:
    assert server.post("/event-types", {"key": "comment.created", **COMMENT}).status_code == 201
    problem_of(server.post("/event-types", {"key": "comment.created"}), 409, "conflict")
    found = server.get("/event-types/comment.created").json()
    assert found | COMMENT == found
    assert server.patch("/event-types/comment.created", {"active": False}).json()["category"] == "comments"
    assert server.put("/event-types/comment.created", {}).json()["category"] == "general"
    assert len(server.get("/event-types").json()["items"]) == 1
    assert server.delete("/event-types/comment.created").status_code == 204
    problem_of(server.get("/event-types/comment.created"), 404, "not_found")
    problem_of(server.patch("/event-types/comment.created", {}), 404, "not_found")


def test_listed_by_category_and_by_what_is_on(server: Api) -> None:
    server.put("/event-types/comment.created", COMMENT)
    server.put("/event-types/order.new", {"category": "orders", "active": False})

    def keys(query: str) -> list[str]:
        return [row["key"] for row in server.get(f"/event-types?{query}").json()["items"]]

    assert keys("") == ["order.new", "comment.created"]
    assert keys("active=true") == keys("category=comments") == ["comment.created"]
    assert keys("active=false") == keys("category=orders&active=false") == ["order.new"]
    assert keys("category=orders&active=true") == []
    for query in ("active=yes", "active=", "colour=red"):
        problem_of(server.get(f"/event-types?{query}"), 422, "invalid_request")


@commits
def test_its_template_is_what_is_said(server: Api, alice: Subscriber) -> None:
    server.put("/event-types/comment.created", COMMENT)
    body = {"to": "alice", "event": "comment.created", "actor": {"name": "Bob"}, "data": {"text": "Hi"}}
    assert server.post("/notifications", body).json()["title"] == "Bob commented"
    assert InboxItem.objects.get().notification.content["body"] == "Hi"
    missing = server.post("/notifications", body | {"data": {}})
    assert "data.text" in problem_of(missing, 422, "invalid_request")["detail"]


def test_what_is_switched_off_sends_nothing(server: Api) -> None:
    server.put("/event-types/comment.created", COMMENT | {"active": False})
    answer = server.post("/notifications", {"to": "alice", "event": "comment.created", "title": "x"})
    assert fields_of(problem_of(answer, 422, "invalid_request")) == {"event"}


def test_one_that_was_used_stays(server: Api) -> None:
    server.put("/event-types/comment.created", COMMENT)
    server.post("/notifications", {"to": "alice", "event": "comment.created", "title": "x", "body": "y"})
    problem_of(server.delete("/event-types/comment.created"), 409, "conflict")


@commits
def test_it_may_name_a_template(server: Api, tenant: Tenant) -> None:
    """Then it has what that has: versions, languages, words for a channel."""
    locales = {"pt": {"title": "Pedido {{ data.n }}"}}
    server.put("/templates/order", {"title": "Order {{ data.n }}", "locales": locales})
    made = server.put("/event-types/order.new", {"template": "order"})
    assert made.json()["template"] == "order"
    to = {"id": "rita", "locale": "pt-BR"}
    asked = {"event": "order.new", "to": to, "data": {"n": 7}}
    draft = problem_of(server.post("/notifications", asked), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in draft["errors"]] == [("template", "inactive")]
    server.post("/templates/order/publish")
    told = server.post("/notifications", asked).json()
    assert (told["title"], told["template"]) == ("Order 7", "order")
    assert title_of("rita", tenant) == "Pedido 7"
    server.put("/templates/other", {"title": "Other", "publish": True})
    assert server.post("/notifications", asked | {"template": "other"}).json()["template"] == "other"
    server.delete("/templates/order")
    gone = problem_of(server.post("/notifications", asked), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in gone["errors"]] == [("template", "not_found")]


def test_only_a_message_of_its_own_tenant(server: Api, stranger: Api) -> None:
    stranger.put("/templates/theirs", {"title": "Secret", "publish": True})
    server.put("/templates/shop", {"kind": "layout", "html": "{{ content }}", "publish": True})
    for key in ("theirs", "shop", "nobodys", "not a key", ""):
        refused = problem_of(server.put("/event-types/order.new", {"template": key}), 422, "invalid_request")
        assert [(error["field"], error["code"]) for error in refused["errors"]] == [("template", "not_found")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"template": {"title": "{{ data.x"}}, "template.title"),
        ({"template": {"title": "{% if data.x %}"}}, "template.title"),
        ({"template": {"title": "{{ data.x | nonsense }}"}}, "template.title"),
        ({"template": {"title": "{{ nonsense }}"}}, "template.title"),
        ({"template": {"title": "{% include 'secrets' %}"}}, "template.title"),
        ({"template": {"subject": "x"}}, "template.subject"),
        ({"template": {"title": 1}}, "template.title"),
        ({"template": []}, "template"),
        ({"ladder": {}}, "ladder"),
        ({"ladder": [{"channel": "pigeon", "after": 1}]}, "ladder.0.channel"),
        ({"ladder": [{"channel": "email", "after": -1}]}, "ladder.0.after"),
        ({"ladder": [{"channel": "email", "after": 1, "unless": "asleep"}]}, "ladder.0.unless"),
        ({"ladder": [{"channel": []}]}, "ladder.0.channel"),
        ({"ladder": [1]}, "ladder.0"),
        ({"category": "a b"}, "category"),
        ({"category": 1}, "category"),
        ({"required": "yes"}, "required"),
        ({"default_on": 1}, "default_on"),
        ({"template": {"actions": [{"key": "a"}]}}, "template.actions.0"),
        ({"template": {"actions": [{"key": "a", "label": "{{"}]}}, "template.actions.0.label"),
        ({"name": "x" * 201}, "name"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_names_the_field_that_is_wrong(server: Api, change: dict[str, Any], field: str) -> None:
    document = problem_of(server.put("/event-types/comment.created", COMMENT | change), 422, "invalid_request")
    assert field in fields_of(document), document


def test_a_stranger_sees_none(server: Api, stranger: Api) -> None:
    server.put("/event-types/comment.created", COMMENT)
    for method in (stranger.get, stranger.patch, stranger.delete):
        problem_of(method("/event-types/comment.created"), 404, "not_found")
    assert stranger.get("/event-types").json()["items"] == []
    stranger.put("/event-types/comment.created", {"category": "theirs"})
    assert server.get("/event-types/comment.created").json()["category"] == "comments"
