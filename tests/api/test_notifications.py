"""POST /notifications commits before it answers; what became of it can be read, by its own tenant alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hub.audience.models import Subscriber
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back

pytestmark = rolled_back


def later(**delta: float) -> str:
    return (timezone.now() + timedelta(**delta)).isoformat()


@commits
def test_is_accepted_and_in_the_inbox(server: Api, alice: Subscriber) -> None:
    answer = server.post("/notifications", {"to": "alice", "title": "Hello", "body": "You", "tags": ["a"]})
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["event"], told["title"]) == ("accepted", "message", "Hello")
    assert told["created_at"].endswith("Z")
    item = InboxItem.objects.get(notification_id=told["id"])
    assert item.subscriber == alice


@commits
def test_takes_few_queries(server: Api, alice: Subscriber) -> None:
    server.post("/notifications", {"to": "alice", "title": "warm"})
    with CaptureQueriesContext(
        connection,
    ) as queries:
        server.post("/notifications", {"to": "nobody-yet", "title": "Hello", "send_at": later(hours=1)})
    # the key, the clock, BEGIN, two inserts, COMMIT, created_at
    assert len(queries) <= 7, [query["sql"] for query in queries]


@commits
def test_status_counts_items_and_deliveries(server: Api, alice: Subscriber, bob: Subscriber, as_alice: Api) -> None:
    sent = server.post("/notifications", {"to": ["alice", "bob"], "title": "Hello"}).json()
    as_alice.post("/inbox/mark", {"op": "read", "all": True, "upto": 1})
    told = server.get(f"/notifications/{sent['id']}").json()
    assert told["items"] == {"total": 2, "hidden": 0, "seen": 1, "read": 1}
    assert sum(told["deliveries"].values()) > 0
    assert told["to"] == ["alice", "bob"]
    assert told["creator"].startswith("key:")


@commits
def test_timeline_tells_every_step(server: Api, alice: Subscriber, as_alice: Api) -> None:
    sent = server.post("/notifications", {"to": "alice", "title": "Hello"}).json()
    as_alice.post("/inbox/mark", {"op": "read", "all": True, "upto": 1})
    events = server.get(f"/notifications/{sent['id']}/timeline").json()["items"]
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "accepted"
    assert {"item.created", "item.seen", "item.read", "delivery.planned", "processed"} <= set(kinds)
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert {event["subscriber"] for event in events if event["kind"].startswith("item")} == {"alice"}


@commits
def test_timeline_goes_on_where_a_page_ends(server: Api, tenant: Any) -> None:
    sent = server.post("/notifications", {"to": [f"u{n}" for n in range(5)], "title": "Hello"}).json()
    address, seen = f"/notifications/{sent['id']}/timeline?limit=2", []
    page = server.get(address).json()
    while True:
        seen += [event["subscriber"] for event in page["items"] if event["kind"] == "item.created"]
        if page["next"] is None:
            break
        page = server.get(f"{address}&cursor={page['next']}").json()
        assert "accepted" not in {event["kind"] for event in page["items"]}
    assert sorted(seen) == [f"u{n}" for n in range(5)]


@commits
def test_list_filters_and_pages(server: Api, alice: Subscriber) -> None:
    server.put("/event-types/comment.created", {"category": "comments", "template": {"title": "Comment"}})
    for number in range(3):
        server.post("/notifications", {"to": "alice", "title": f"n{number}"})
    server.post("/notifications", {"to": "bob", "event": "comment.created"})
    first = server.get("/notifications?limit=2").json()
    second = server.get(f"/notifications?limit=2&cursor={first['next']}").json()
    assert [row["title"] for row in first["items"] + second["items"]] == ["Comment", "n2", "n1", "n0"]
    assert second["next"] is None

    def titles(query: str) -> list[str]:
        return [row["title"] for row in server.get(f"/notifications?{query}").json()["items"]]

    assert titles("event=comment.created") == ["Comment"]
    assert titles("category=comments") == ["Comment"]
    assert titles("subscriber=bob") == ["Comment"]
    assert titles("status=scheduled") == []
    assert titles("since=2999-01-01T00:00:00Z") == []
    assert len(titles("until=2999-01-01T00:00:00Z")) == 4


@commits
def test_cancel_what_has_not_started(server: Api, alice: Subscriber) -> None:
    planned = server.post("/notifications", {"to": "alice", "title": "x", "send_at": later(hours=1)}).json()
    assert planned["status"] == "scheduled"
    assert server.post(f"/notifications/{planned['id']}/cancel").json()["status"] == "cancelled"
    sent = server.post("/notifications", {"to": "alice", "title": "x"}).json()
    problem_of(server.post(f"/notifications/{sent['id']}/cancel"), 409, "conflict")


def test_cancel_by_key(server: Api, stranger: Api, alice: Subscriber) -> None:
    wanted = {"to": "alice", "title": "x", "send_at": later(hours=1), "cancel_key": "order-1"}
    server.post("/notifications", wanted)
    server.post("/notifications", wanted)
    assert stranger.post("/notifications/cancel", {"cancel_key": "order-1"}).json() == {"cancelled": 0}
    assert server.post("/notifications/cancel", {"cancel_key": "order-1"}).json() == {"cancelled": 2}


def test_is_nothing_to_a_stranger(server: Api, stranger: Api, alice: Subscriber) -> None:
    sent = server.post("/notifications", {"to": "alice", "title": "Hello"}).json()
    for path in ("", "/timeline"):
        problem_of(stranger.get(f"/notifications/{sent['id']}{path}"), 404, "not_found")
    problem_of(stranger.post(f"/notifications/{sent['id']}/cancel"), 404, "not_found")
    assert stranger.get("/notifications").json()["items"] == []
    assert stranger.get("/notifications?subscriber=alice").json()["items"] == []


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
    ],
)
def test_names_the_field_that_is_wrong(server: Api, body: dict[str, Any], field: str) -> None:
    document = problem_of(server.post("/notifications", body), 422, "invalid_request")
    assert field in fields_of(document), document
    assert not Notification.objects.exists()


def test_names_all_wrong_fields_at_once(server: Api) -> None:
    document = problem_of(server.post("/notifications", {"title": 1, "nonsense": 2}), 422, "invalid_request")
    assert fields_of(document) == {"to", "title", "nonsense"}
