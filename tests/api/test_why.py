"""GET /inbox/{id}/why: the asker learns why, in codes and in words, and nothing of anybody else."""

from typing import Any

import pytest

from hub.audience.models import Subscriber
from hub.fallback import reasons
from hub.fallback.models import Delivery
from hub.ids import uuid7
from hub.inbox.models import InboxItem
from hub.notifications import fan_out
from hub.notifications import why as module
from hub.notifications.models import Notification
from tests.api.client import Api, commits, problem_of

pytestmark = commits


def item_id(as_alice: Api) -> str:
    return str(as_alice.get("/inbox").json()["items"][0]["id"])


def test_named_directly_with_what_was_tried(server: Api, alice: Subscriber, bob: Subscriber, as_alice: Api) -> None:
    server.post("/notifications", {"to": ["alice", "bob"], "title": "Hello"})
    answer = as_alice.get(f"/inbox/{item_id(as_alice)}/why")
    told = answer.json()
    assert (told["event"], told["category"], told["audience"]) == ("message", "message", {"kind": "named"})
    assert told["preferences"]["email"] == {"enabled": True, "source": "default", "locked": False}
    push, email = told["channels"]
    assert (push["state"], push["reason"], email["state"]) == ("skipped", "no_destination", "waiting")
    assert "It was addressed to you." in told["words"]
    assert "It was not sent by push: there is no address of yours for it." in told["words"]
    assert b"bob" not in answer.content
    assert b"alice@" not in answer.content


def test_by_a_topic_and_by_one_s_own_choice(server: Api, alice: Subscriber, as_alice: Api) -> None:
    server.put("/topics/news", {"name": "News"})
    server.put("/topics/news/members", {"subscribers": ["alice"]})
    as_alice.patch("/preferences", {"changes": [{"category": "message", "channel": "email", "enabled": False}]})
    server.post("/notifications", {"to": {"topic": "news"}, "title": "Hello"})
    fan_out.sweep()
    told = as_alice.get(f"/inbox/{item_id(as_alice)}/why").json()
    assert told["audience"] == {"kind": "topic", "topic": "news"}
    assert "You followed the topic “news”." in told["words"]
    assert told["preferences"]["email"]["source"] == "subscriber"
    assert "It was not sent by email: you have switched it off for this category." in told["words"]


@pytest.mark.parametrize(("audience", "kind"), [({"filters": [{"plan": "pro"}]}, "filter"), ({"all": True}, "all")])
def test_a_filter_s_terms_are_not_told(server: Api, alice: Subscriber, as_alice: Api, audience: Any, kind: str) -> None:
    server.post("/notifications", {"to": "alice", "title": "Hello"})
    Notification.objects.update(audience=audience)
    answer = as_alice.get(f"/inbox/{item_id(as_alice)}/why")
    assert answer.json()["audience"] == {"kind": kind}
    assert b"plan" not in answer.content


def test_what_was_required_asked_nobody(server: Api, alice: Subscriber, as_alice: Api) -> None:
    server.post("/notifications", {"to": "alice", "title": "Hello"})
    Notification.objects.update(required=True)
    told = as_alice.get(f"/inbox/{item_id(as_alice)}/why").json()
    assert {cell["source"] for cell in told["preferences"].values()} == {"required"}


def test_there_are_words_for_every_state_and_source() -> None:
    assert set(module._STATES) == set(Delivery.State.values)
    assert set(reasons.TO_THE_SUBSCRIBER) <= set(reasons.SENTENCES)


def test_of_one_s_own_items_alone(server: Api, alice: Subscriber, as_alice: Api, as_bob: Api, as_charlie: Api) -> None:
    server.post("/notifications", {"to": "alice", "title": "Hello"})
    mine = item_id(as_alice)
    for other in (as_bob, as_charlie):
        problem_of(other.get(f"/inbox/{mine}/why"), 404, "not_found")
    problem_of(as_alice.get(f"/inbox/{uuid7()}/why"), 404, "not_found")
    InboxItem.objects.update(deleted_at="2026-01-01T00:00:00Z")
    problem_of(as_alice.get(f"/inbox/{mine}/why"), 404, "not_found")
