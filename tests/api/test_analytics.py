"""GET /analytics counts what was accepted on each UTC day and what became of it, for one tenant."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.ids import first_id
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from tests.api.client import Api, commits, problem_of
from tests.support.deliveries import make_item, owe

pytestmark = commits


def accepted_at(subscriber: Subscriber, at: datetime) -> InboxItem:
    return make_item(subscriber, id=first_id(at), created_at=at)


def test_day_by_day_with_totals_and_rates(server: Api, alice: Subscriber, bob: Subscriber) -> None:
    today = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first, second = accepted_at(alice, today), accepted_at(bob, today - timedelta(milliseconds=1))
    accepted_at(alice, today - timedelta(days=1, milliseconds=1))
    InboxItem.objects.filter(pk=first.pk).update(seen_at=today, read_at=today)
    owe(alice, first, state="sent")
    owe(bob, second, state="dead", reason="permanent")
    told = server.get("/analytics?days=2").json()
    yesterday, now = told["days"]
    assert [day["day"] for day in told["days"]] == [
        (today - timedelta(days=1)).date().isoformat(),
        today.date().isoformat(),
    ]
    assert (now["notifications"], now["items"], now["seen"], now["read"], now["acted"]) == (1, 1, 1, 1, 0)
    assert (now["deliveries"], yesterday["deliveries"]) == ({"email": {"sent": 1}}, {"email": {"dead": 1}})
    totals = told["totals"]
    assert (totals["notifications"], totals["items"], totals["deliveries"]) == (2, 2, {"email": {"sent": 1, "dead": 1}})
    assert totals["rates"] == {"seen": 0.5, "read": 0.5, "acted": 0.0, "delivered": {"email": 0.5}}


def test_days_without_anything_are_there(server: Api) -> None:
    told = server.get("/analytics").json()
    assert len(told["days"]) == 30
    assert told["totals"]["rates"] == {"seen": None, "read": None, "acted": None, "delivered": {}}


@pytest.mark.parametrize("days", ["0", "91", "x", "-1"])
def test_at_most_90_days(server: Api, days: str) -> None:
    problem_of(server.get(f"/analytics?days={days}"), 422, "invalid_request")


def test_hidden_items_are_not_items(server: Api) -> None:
    server.post("/notifications", {"to": {"email": "someone@example.com"}, "title": "x"})
    totals = server.get("/analytics?days=1").json()["totals"]
    assert (totals["notifications"], totals["items"], totals["deliveries"]["email"]) == (1, 0, {"waiting": 1})


def test_of_one_tenant_alone(stranger: Api, alice: Subscriber) -> None:
    owe(alice)
    assert stranger.get("/analytics?days=90").json()["totals"]["notifications"] == 0
    assert Notification.objects.count() == Delivery.objects.count() == 1
