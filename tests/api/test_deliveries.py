"""Deliveries across notifications are listed and shown without addresses, and retried one by one."""

import pytest
from django.utils import timezone

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.fallback.record import record
from hub.ids import uuid7
from tests.api.client import Api, commits, fields_of, problem_of
from tests.support.deliveries import answer, owe, take

pytestmark = commits


@pytest.fixture
def dead(bob: Subscriber) -> Delivery:
    delivery = owe(bob)
    (work,) = take().works
    record([answer(work, "permanent", code="550", answer="no such user bob@example.com")])
    delivery.refresh_from_db()
    return delivery


def test_listed_by_filter_and_page(server: Api, bob: Subscriber, dead: Delivery) -> None:
    others = [owe(bob, channel="sms") for _ in range(3)]
    first = server.get("/deliveries?limit=3").json()
    second = server.get(f"/deliveries?limit=3&cursor={first['next']}").json()
    shown = [row["id"] for row in first["items"] + second["items"]]
    assert shown == [str(row.pk) for row in [*reversed(others), dead]]
    assert second["next"] is None
    (row,) = server.get(f"/deliveries?state=dead&subscriber=bob&notification={dead.notification_id}").json()["items"]
    assert (row["id"], row["reason"], row["subscriber"]) == (str(dead.pk), "permanent", "bob")
    assert row["explanation"]
    assert server.get("/deliveries?since=2999-01-01T00:00:00Z").json()["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [("state=lost", "state"), ("reason=x", "reason"), ("notification=x", "notification"), ("since=x", "since")],
)
def test_names_the_filter_that_is_wrong(server: Api, query: str, field: str) -> None:
    assert fields_of(problem_of(server.get(f"/deliveries?{query}"), 422, "invalid_request")) == {field}


def test_one_with_every_call_and_no_address(server: Api, dead: Delivery) -> None:
    answered = server.get(f"/deliveries/{dead.pk}")
    (destination,) = answered.json()["destinations"]
    assert (destination["address"], destination["outcome"]) == ("b…@example.com", "failed")
    (call,) = destination["attempts"]
    assert (call["outcome"], call["code"], call["provider"]) == ("permanent", "550", "django:mail")
    assert b"bob@" not in answered.content


def test_retried_once(server: Api, dead: Delivery) -> None:
    retried = server.post(f"/deliveries/{dead.pk}/retry")
    assert retried.status_code == 202
    assert (retried.json()["generation"], retried.json()["state"]) == (1, "waiting")
    problem_of(server.post(f"/deliveries/{dead.pk}/retry"), 409, "conflict")
    assert server.get(f"/deliveries/{dead.pk}").json()["state"] == "replayed"


def test_nothing_to_a_stranger(stranger: Api, dead: Delivery) -> None:
    assert stranger.get("/deliveries").json()["items"] == []
    assert stranger.get("/deliveries?subscriber=bob").json()["items"] == []
    assert stranger.get(f"/deliveries?notification={dead.notification_id}").json()["items"] == []
    for pk in (dead.pk, uuid7()):
        problem_of(stranger.get(f"/deliveries/{pk}"), 404, "not_found")
        problem_of(stranger.post(f"/deliveries/{pk}/retry"), 404, "not_found")


def test_dead_letters_by_kind_and_replayed_by_kind(server: Api, stranger: Api, bob: Subscriber, dead: Delivery) -> None:
    owe(bob, state="dead", reason="ambiguous", finished_at=timezone.now())
    groups = server.get("/dead-letters/groups").json()["items"]
    assert {(group["channel"], group["reason"], group["number"]) for group in groups} == {
        ("email", "permanent", 1),
        ("email", "ambiguous", 1),
    }
    assert stranger.post("/dead-letters/replay", {}).json() == {"replayed": 0, "more": False}
    wanted = {"reason": "permanent", "channel": "email", "since": "2026-01-01T00:00:00Z"}
    answered = server.post("/dead-letters/replay", wanted)
    assert (answered.status_code, answered.json()) == (202, {"replayed": 1, "more": False})
    assert server.post("/dead-letters/replay", {"limit": 1}).json() == {"replayed": 1, "more": False}
    problem_of(server.post("/dead-letters/replay", {"limit": 1001}), 422, "invalid_request")
