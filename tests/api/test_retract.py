"""POST /notifications/{id}/retract takes it out of the inbox, shows so everywhere, and is nothing to a stranger."""

from datetime import timedelta

from django.utils import timezone

from hub.audience.models import Subscriber
from tests.api.client import Api, commits, problem_of

pytestmark = commits


def test_it_is_gone_and_says_so(server: Api, alice: Subscriber, as_alice: Api) -> None:
    sent = server.post("/notifications", {"to": "alice", "title": "Oops"}).json()
    answer = server.post(f"/notifications/{sent['id']}/retract")
    assert (answer.status_code, answer.json()["status"]) == (202, "retracted")
    told = as_alice.get("/inbox").json()
    assert (told["items"], told["counts"]) == ([], {"unread": 0, "unseen": 0})
    shown = server.get(f"/notifications/{sent['id']}").json()
    assert shown["status"] == "retracted"
    assert shown["retracted_at"]
    assert server.get("/notifications?status=retracted").json()["items"][0]["id"] == sent["id"]
    told = {event["kind"]: event for event in server.get(f"/notifications/{sent['id']}/timeline").json()["items"]}
    assert {"retracted", "item.retracted", "delivery.cancelled"} <= set(told)
    assert told["retracted"]["by"] == sent["creator"]


def test_again_is_the_same(server: Api, alice: Subscriber) -> None:
    sent = server.post("/notifications", {"to": "alice", "title": "Oops"}).json()
    first, second = (server.post(f"/notifications/{sent['id']}/retract") for _ in range(2))
    assert first.json() == second.json()


def test_what_was_cancelled_is_a_conflict(server: Api, alice: Subscriber) -> None:
    in_an_hour = (timezone.now() + timedelta(hours=1)).isoformat()
    sent = server.post("/notifications", {"to": "alice", "title": "Oops", "send_at": in_an_hour}).json()
    server.post(f"/notifications/{sent['id']}/cancel")
    problem_of(server.post(f"/notifications/{sent['id']}/retract"), 409, "conflict")


def test_not_by_a_stranger(server: Api, stranger: Api, alice: Subscriber, as_alice: Api) -> None:
    sent = server.post("/notifications", {"to": "alice", "title": "Hello"}).json()
    problem_of(stranger.post(f"/notifications/{sent['id']}/retract"), 404, "not_found")
    assert len(as_alice.get("/inbox").json()["items"]) == 1
