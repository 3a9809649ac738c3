"""A subscriber's own inbox: read, marked and polled cheaply, by nobody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from tests.api.client import Api, commits, fields_of, problem_of
from tests.support.factories import item_of, send

pytestmark = commits


def test_lists_what_came(alice: Subscriber, as_alice: Api) -> None:
    for number in range(3):
        send(alice.tenant, "alice", title=f"n{number}")
    page = as_alice.get("/inbox?limit=2").json()
    assert [item["title"] for item in page["items"]] == ["n2", "n1"]
    assert page["counts"] == {"unread": 3, "unseen": 3}
    rest = as_alice.get(f"/inbox?limit=2&cursor={page['next']}").json()
    assert [item["title"] for item in rest["items"]] == ["n0"]
    assert as_alice.get("/inbox/counts").json() == {"unread": 3, "unseen": 3, "cursor": page["cursor"]}


def test_filters(server: Api, alice: Subscriber, as_alice: Api) -> None:
    server.put("/event-types/comment.created", {"category": "comments"})
    send(alice.tenant, "alice", title="plain", tags=["a"])
    send(alice.tenant, "alice", title="comment", event="comment.created")
    read = send(alice.tenant, "alice", title="read")
    as_alice.post("/inbox/mark", {"op": "read", "ids": [str(item_of(read, alice).pk)]})

    def titles(query: str) -> list[str]:
        return sorted(item["title"] for item in as_alice.get(f"/inbox?{query}").json()["items"])

    assert titles("filter=unread") == ["comment", "plain"]
    assert titles("category=comments") == ["comment"]
    assert titles("event=comment.created") == ["comment"]
    assert titles("tag=a") == ["plain"]
    assert titles("since=2999-01-01T00:00:00Z") == []
    assert fields_of(problem_of(as_alice.get("/inbox?filter=x"), 422, "invalid_request")) == {"filter"}


def test_a_filter_looks_at_a_bounded_stretch_a_page(
    alice: Subscriber, as_alice: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.inbox.selectors.SCAN", 3)
    for number in range(8):
        send(alice.tenant, "alice", title=f"n{number}", tags=["rare"] if number in (0, 3, 4) else [])

    def pages(query: str) -> list[list[str]]:
        found, cursor = [], ""
        while cursor is not None:
            page = as_alice.get(f"/inbox?{query}{cursor and f'&cursor={cursor}'}").json()
            assert page["counts"] == {"unread": 8, "unseen": 8}
            found.append([item["title"] for item in page["items"]])
            cursor = page["next"]
        return found

    assert pages("tag=rare") == [[], ["n4", "n3"], ["n0"]]
    assert pages("tag=rare&limit=1") == [[], ["n4"], ["n3"], ["n0"]]
    assert pages("tag=none") == [[], [], []]
    assert pages("limit=2") == [["n7", "n6"], ["n5", "n4"], ["n3", "n2"], ["n1", "n0"]]


def test_an_unchanged_inbox_costs_one_look(alice: Subscriber, as_alice: Api) -> None:
    send(alice.tenant, "alice")
    first = as_alice.get("/inbox")
    with CaptureQueriesContext(connection) as queries:
        again = as_alice.get("/inbox", If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    # the token, with its key and its subscriber; the stream
    assert len(queries) == 2
    assert as_alice.get("/inbox?limit=5", If_None_Match=first["ETag"]).status_code == 200
    as_alice.post("/inbox/mark", {"op": "seen", "all": True, "upto": 1})
    changed = as_alice.get("/inbox", If_None_Match=first["ETag"])
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert as_alice.get("/inbox", If_None_Match=f'"x", W/{changed["ETag"]}').status_code == 304


def test_marking_changes_counts_once(alice: Subscriber, as_alice: Api) -> None:
    item = item_of(send(alice.tenant, "alice"), alice)
    body = {"op": "read", "ids": [str(item.pk)]}
    told = as_alice.post("/inbox/mark", body).json()
    assert (told["changed"], told["counts"]) == (1, {"unread": 0, "unseen": 0})
    again = as_alice.post("/inbox/mark", body).json()
    assert (again["changed"], again["cursor"]) == (0, told["cursor"])


def test_marking_again_with_the_same_key_does_nothing(alice: Subscriber, as_alice: Api) -> None:
    item = item_of(send(alice.tenant, "alice"), alice)
    body = {"op": "read", "ids": [str(item.pk)]}
    first = as_alice.post("/inbox/mark", body, Idempotency_Key="k1")
    as_alice.post("/inbox/mark", body | {"op": "unread"})
    again = as_alice.post("/inbox/mark", body, Idempotency_Key="k1")
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert as_alice.get("/inbox/counts").json()["unread"] == 1
    other = as_alice.post("/inbox/mark", body | {"op": "seen"}, Idempotency_Key="k1")
    problem_of(other, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "op"),
        ({"op": "explode", "ids": []}, "op"),
        ({"op": "read"}, "ids"),
        ({"op": "read", "ids": ["x"]}, "ids"),
        ({"op": "read", "all": True}, "upto"),
        ({"op": "snooze", "all": True, "upto": 1}, "until"),
        ({"op": "read", "all": True, "upto": 1, "colour": 1}, "colour"),
    ],
)
def test_a_mark_that_makes_no_sense(as_alice: Api, body: dict[str, object], field: str) -> None:
    assert field in fields_of(problem_of(as_alice.post("/inbox/mark", body), 422, "invalid_request"))


def test_a_focused_ack_cancels_and_is_clamped(alice: Subscriber, as_alice: Api) -> None:
    send(alice.tenant, "alice", event="")
    waiting = Delivery.objects.filter(subscriber=alice, state="waiting")
    before = waiting.count()
    answer = as_alice.post("/inbox/ack", {"seq": 10**12, "focused": True})
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"changed", "counts", "cursor"}
    assert waiting.filter(cancel_level=1).count() == 0
    assert before >= waiting.count()
    for body in ({"seq": -1}, {"seq": "x"}, {"seq": 1, "focused": 1}):
        problem_of(as_alice.post("/inbox/ack", body), 422, "invalid_request")


def test_is_nobody_elses_business(alice: Subscriber, as_alice: Api, as_bob: Api, as_charlie: Api) -> None:
    item = item_of(send(alice.tenant, "alice"), alice)
    assert as_alice.get(f"/inbox/{item.pk}").json()["title"] == "Hello"
    for other in (as_bob, as_charlie):
        assert other.get("/inbox").json()["items"] == []
        problem_of(other.get(f"/inbox/{item.pk}"), 404, "not_found")
        told = other.post("/inbox/mark", {"op": "read", "ids": [str(item.pk)]}).json()
        assert told["changed"] == 0
    assert as_alice.get("/inbox/counts").json()["unread"] == 1
