"""Promise: what a busy worker claims ahead is in no doubt, nor what waits for one of an account's few calls, and nobody waits
for it when it finds no place."""

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from pytest_django import Settings

from deliveries import dispatch
from hub.audience.models import Subscriber
from hub.fallback.models import Attempt, Delivery
from tests.support.deliveries import owe
from tests.support.fake_provider import FakeChat, hang
from tests.support.waiting import wait_until

# of the fake's 16 calls, a fifth more are under way, on their way to one
CALLED, UNDER_WAY = 16, 19


@pytest.fixture
def claimed(
    alice: Subscriber, fake: type[FakeChat], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> QuerySet[Delivery]:
    """Of 80 deliveries those that can hang in calls do so, and there are places for 41 more, which they may not have."""
    settings.HUB = settings.HUB | {"delivery_concurrency": 40}
    monkeypatch.setattr(dispatch, "HANGS", 60.0)
    fake.act = staticmethod(hang)
    for _ in range(80):
        owe(alice, channel="chat")
    dispatch.start("chat", "high")
    found = Delivery.objects.filter(state="claimed")
    wait_until(lambda: (len(fake.calls), found.count()) == (CALLED, 60))
    return found


def test_it_is_on_no_record_and_let_go_in_time(
    claimed: QuerySet[Delivery], fake: type[FakeChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Attempt.objects.count() == UNDER_WAY
    # nothing lands: it waits no longer
    monkeypatch.setattr(dispatch, "HANGS", 0.0)
    wait_until(lambda: claimed.count() == UNDER_WAY)
    fake.open_gate.set()
    dispatch.stopping.set()
    assert dispatch.join(30)
    assert len(fake.calls) == Attempt.objects.filter(outcome="sent").count() == Attempt.objects.count() == UNDER_WAY


def test_it_is_let_go_when_the_worker_is_asked_to_stop(claimed: QuerySet[Delivery], fake: type[FakeChat]) -> None:
    dispatch.stopping.set()
    wait_until(lambda: claimed.count() == UNDER_WAY)
    fake.open_gate.set()
    assert dispatch.join(30)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 0), ("waiting", 0)}
    assert (len(fake.calls), Attempt.objects.count()) == (UNDER_WAY, UNDER_WAY)


@pytest.mark.parametrize(("failing", "works"), [("let_go", 1), ("attempt", 0)])
def test_a_drain_that_fails_ends(
    alice: Subscriber, fake: type[FakeChat], monkeypatch: pytest.MonkeyPatch, failing: str, works: int
) -> None:
    """Nothing is under way that could land, so nothing is waited for."""
    monkeypatch.setattr("deliveries.database.PAUSES", ())
    called: list[object] = []

    def fail(given: object) -> None:
        called.append(given)
        if len(called) > works:
            raise OperationalError

    owe(alice, channel="chat")
    with monkeypatch.context() as broken:
        broken.setattr(dispatch, failing, fail)
        with pytest.raises(OperationalError):
            dispatch.dispatch("chat", "high")
    Delivery.objects.filter(state="claimed").update(state="waiting", lease_until=None)
    dispatch.dispatch("chat", "high")
    assert Delivery.objects.get().state == "sent"
