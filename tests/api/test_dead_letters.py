"""What could not be delivered is listed with its reason, and can be sent again once."""

import pytest
from django.utils import timezone

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.ids import uuid7
from tests.api.client import Api, commits, problem_of
from tests.support.factories import send

pytestmark = commits


@pytest.fixture
def dead(bob: Subscriber) -> Delivery:
    send(bob.tenant, "bob")
    delivery = Delivery.objects.filter(channel="email").get()
    Delivery.objects.filter(pk=delivery.pk).update(state="dead", reason="permanent", finished_at=timezone.now())
    return delivery


def test_listed_with_their_reason(server: Api, dead: Delivery) -> None:
    (letter,) = server.get("/dead-letters").json()["items"]
    assert (letter["id"], letter["subscriber"], letter["reason"]) == (str(dead.pk), "bob", "permanent")
    assert letter["explanation"]
    assert server.get("/dead-letters?channel=push").json()["items"] == []


def test_replayed_once(server: Api, dead: Delivery) -> None:
    assert server.post(f"/dead-letters/{dead.pk}/replay").status_code == 202
    problem_of(server.post(f"/dead-letters/{dead.pk}/replay"), 409, "conflict")
    assert Delivery.objects.filter(channel="email", generation=1, state="waiting").count() == 1


def test_not_by_a_stranger(stranger: Api, dead: Delivery) -> None:
    assert stranger.get("/dead-letters").json()["items"] == []
    problem_of(stranger.post(f"/dead-letters/{dead.pk}/replay"), 404, "not_found")
    problem_of(stranger.post(f"/dead-letters/{uuid7()}/replay"), 404, "not_found")
