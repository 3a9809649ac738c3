"""POST /notifications/{id}/replay sends the same words again, as a notification of its own."""

from typing import Any

import pytest

from hub.audience.models import Subscriber
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.tenancy.models import Tenant
from tests.api.client import Api, commits, fields_of, problem_of

pytestmark = commits


@pytest.fixture
def sent(server: Api, alice: Subscriber, bob: Subscriber) -> dict[str, Any]:
    template = {"title": "Hello {{ data.name }}"}
    server.put("/event-types/greeting", {"category": "greetings", "template": template})
    wanted = {"to": ["alice", "bob"], "event": "greeting", "data": {"name": "World"}, "tags": ["a"]}
    told: dict[str, Any] = server.post("/notifications", wanted).json()
    server.put("/event-types/greeting", {"category": "greetings", "template": {"title": "Changed"}})
    return told


def test_the_same_words_to_the_same_people(server: Api, sent: dict[str, Any], as_alice: Api) -> None:
    answer = server.post(f"/notifications/{sent['id']}/replay")
    assert answer.status_code == 202
    again = answer.json()
    assert (again["replay_of"], again["title"], again["tags"]) == (sent["id"], "Hello World", ["a"])
    assert [item["title"] for item in as_alice.get("/inbox").json()["items"]] == ["Hello World"] * 2
    assert InboxItem.objects.filter(notification_id=again["id"]).count() == 2
    told = server.get(f"/notifications/{sent['id']}/timeline").json()["items"]
    assert [event["notification"] for event in told if event["kind"] == "replayed"] == [again["id"]]
    first = server.get(f"/notifications/{again['id']}/timeline").json()["items"][0]
    assert (first["kind"], first["replay_of"]) == ("accepted", sent["id"])


@pytest.mark.parametrize("to", ["bob", ["bob"]])
def test_to_some_of_them(server: Api, sent: dict[str, Any], to: Any) -> None:
    again = server.post(f"/notifications/{sent['id']}/replay", {"to": to}).json()
    assert again["to"] == ["bob"]
    assert InboxItem.objects.get(notification_id=again["id"]).subscriber.external_id == "bob"


@pytest.mark.parametrize(
    ("to", "field"),
    [(["alice", "carol"], "to.1"), ([], "to"), ({"topic": "x"}, "to"), ([1], "to"), (["charlie"], "to.0")],
)
def test_to_nobody_else(server: Api, sent: dict[str, Any], charlie: Subscriber, to: Any, field: str) -> None:
    document = problem_of(server.post(f"/notifications/{sent['id']}/replay", {"to": to}), 422, "invalid_request")
    assert fields_of(document) == {field}
    assert Notification.objects.count() == 1


def test_who_was_described_inline_keeps_what_has_changed_since(server: Api, tenant: Tenant) -> None:
    sent = server.post("/notifications", {"to": {"id": "carol", "name": "Carol"}, "title": "x"}).json()
    server.patch("/subscribers/carol", {"name": "Caroline"})
    server.post(f"/notifications/{sent['id']}/replay")
    assert Subscriber.objects.get(external_id="carol").name == "Caroline"


def test_it_lives_as_long_as_the_first_time(server: Api, alice: Subscriber) -> None:
    wanted = {"to": "alice", "title": "x", "expires_at": "2999-01-01T00:00:00Z"}
    problem_of(server.post("/notifications", wanted), 422, "invalid_request")
    sent = server.post("/notifications", {"to": "alice", "title": "x"}).json()
    source = Notification.objects.get(pk=sent["id"])
    source.expires_at = source.created_at.replace(year=source.created_at.year - 1)
    source.created_at = source.expires_at.replace(year=source.expires_at.year - 1)
    Notification.objects.filter(pk=source.pk).update(created_at=source.created_at, expires_at=source.expires_at)
    again = Notification.objects.get(pk=server.post(f"/notifications/{sent['id']}/replay").json()["id"])
    assert again.expires_at is not None
    assert (again.expires_at - again.created_at).days in (364, 365, 366)


def test_not_what_was_withdrawn_nor_by_a_stranger(server: Api, stranger: Api, sent: dict[str, Any]) -> None:
    problem_of(stranger.post(f"/notifications/{sent['id']}/replay"), 404, "not_found")
    server.post(f"/notifications/{sent['id']}/retract")
    problem_of(server.post(f"/notifications/{sent['id']}/replay"), 409, "conflict")
