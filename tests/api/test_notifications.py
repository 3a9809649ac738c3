"""POST /notifications commits before it answers; what became of it can be read, by its own tenant alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hub.api import paging
from hub.audience.models import Subscriber
from hub.inbox.models import InboxItem
from hub.notifications.unstarted import reschedule
from hub.tenancy.models import Tenant
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


def test_list_filters_by_whatever_a_request_said(server: Api, stranger: Api) -> None:
    server.put("/templates/short", {"title": "templated", "publish": True})
    rows: list[dict[str, Any]] = [
        {"title": "tagged", "tags": ["a", "b"]},
        {"template": "short"},
        {"title": "urgent", "priority": "high"},
        {"title": "grouped", "group_key": "g"},
        {"title": "keyed", "cancel_key": "order-1"},
    ]
    for row in rows:
        server.post("/notifications", {"to": "alice", "send_at": later(hours=1), **row})
    creator = server.get("/notifications").json()["items"][0]["creator"]

    def titles(query: str, api: Api = server) -> list[str]:
        return [row["title"] for row in api.get(f"/notifications?{query}").json()["items"]]

    assert titles("tag=a") == titles("tag=b") == ["tagged"]
    assert titles("template=short") == ["templated"]
    assert titles("priority=high") == ["urgent"]
    assert titles("group_key=g") == ["grouped"]
    assert titles("cancel_key=order-1") == ["keyed"]
    assert titles("tag=a&priority=high") == titles("creator=code") == []
    assert titles("group_key=g&priority=normal&status=scheduled") == ["grouped"]
    assert titles("group_key=g&subscriber=alice") == []
    assert titles("group_key=g&priority=high") == titles("group_key=g&cancel_key=order-1") == []
    assert len(titles(f"creator={creator}")) == 5
    assert titles("tag=a", stranger) == titles(f"creator={creator}", stranger) == []
    assert titles("since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z", server) == titles("")


def test_a_filter_looks_at_a_bounded_stretch_a_page(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "SCAN", 3)
    for number in range(8):
        tags = ["rare"] if number in (0, 4) else []
        server.post("/notifications", {"to": "a", "title": f"n{number}", "tags": tags, "send_at": later(hours=1)})
    pages, cursor = [], ""
    while cursor is not None:
        page = server.get(f"/notifications?tag=rare&cursor={cursor}").json()
        pages.append([row["title"] for row in page["items"]])
        cursor = page["next"]
    assert pages == [[], ["n4"], ["n0"]]


@commits
def test_reschedule_what_has_not_started(server: Api, stranger: Api, alice: Subscriber) -> None:
    planned = server.post("/notifications", {"to": "alice", "title": "x", "send_at": later(hours=1)}).json()
    address = f"/notifications/{planned['id']}"
    moved = server.patch(address, {"send_at": later(hours=2), "expires_at": later(hours=3)}).json()
    assert moved["status"] == "scheduled"
    assert moved["send_at"] > planned["send_at"]
    problem_of(stranger.patch(address, {"send_at": None}), 404, "not_found")
    assert server.patch(address, {"send_at": None, "expires_at": None}).json()["status"] == "accepted"
    assert InboxItem.objects.get().subscriber == alice
    problem_of(server.patch(address, {"send_at": later(hours=1)}), 409, "conflict")


@commits
def test_the_timeline_says_who_moved_it_and_who_stopped_it(server: Api, tenant: Tenant, alice: Subscriber) -> None:
    planned = server.post("/notifications", {"to": "alice", "title": "x", "send_at": later(hours=1)}).json()
    address = f"/notifications/{planned['id']}"
    moved = server.patch(address, {"send_at": later(hours=2)}).json()
    assert server.patch(address, {"send_at": moved["send_at"]}).status_code == 200
    server.patch(address, {"expires_at": later(hours=3)})
    reschedule(tenant=tenant, notification_id=planned["id"], expires_at=None)
    server.post(f"{address}/cancel")
    told = [event for event in server.get(f"{address}/timeline").json()["items"] if event["kind"] != "due"]
    by = planned["creator"]
    assert [(event["kind"], event["by"]) for event in told] == [
        ("accepted", by),
        ("rescheduled", by),
        ("rescheduled", by),
        ("rescheduled", "code"),
        ("cancelled", by),
    ]
    assert told[1]["send_at"] == {"from": planned["send_at"], "to": moved["send_at"]}
    assert "expires_at" not in told[1]
    assert told[3]["expires_at"]["to"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "send_at"),
        ({"send_at": "soon"}, "send_at"),
        ({"send_at": 7}, "send_at"),
        ({"send_at": "2999-01-01T00:00:00Z"}, "send_at"),
        ({"send_at": "9999-12-31T23:59:59.999999-23:59"}, "send_at"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+23:59"}, "expires_at"),
        ({"title": "x"}, "title"),
    ],
)
def test_names_the_time_that_is_wrong(server: Api, body: dict[str, Any], field: str) -> None:
    planned = server.post("/notifications", {"to": "alice", "title": "x", "send_at": later(hours=1)}).json()
    document = problem_of(server.patch(f"/notifications/{planned['id']}", body), 422, "invalid_request")
    assert field in fields_of(document)
    assert server.get(f"/notifications/{planned['id']}").json()["send_at"] == planned["send_at"]


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
