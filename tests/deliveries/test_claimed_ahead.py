"""Promise: what a busy worker claims ahead is in no doubt, nor what waits for one of an account's calls, and nobody waits for
what finds no place."""

import time

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from pytest_django import Settings

from deliveries import dispatch
from deliveries.providers.base import Sent
from hub.audience.models import Subscriber
from hub.fallback.models import Attempt, Delivery
from hub.fallback.work import Work
from hub.providers.models import Provider as Row
from tests.support.deliveries import owe
from tests.support.factories import make_subscriber, make_tenant
from tests.support.fake_provider import FakeChat, hang
from tests.support.waiting import wait_until

# The fake has 16 calls; a fifth more are under way, on their way to one. It has half of the places of a run.
CALLED, UNDER_WAY, PLACES = 16, 19, 48


@pytest.fixture
def claimed(
    alice: Subscriber, fake: type[FakeChat], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> QuerySet[Delivery]:
    """Of 80 deliveries as many hang in calls as can, others wait for a call, and 12 were claimed ahead."""
    settings.HUB = settings.HUB | {"delivery_concurrency": 40}
    monkeypatch.setattr(dispatch, "HANGS", 60.0)
    fake.act = staticmethod(hang)
    for _ in range(80):
        owe(alice, channel="chat")
    dispatch.start("chat", "high")
    found = Delivery.objects.filter(state="claimed")
    wait_until(lambda: (len(fake.calls), found.count()) == (CALLED, PLACES + 12))
    return found


def test_it_is_on_no_record_and_let_go_in_time(
    claimed: QuerySet[Delivery], fake: type[FakeChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Attempt.objects.count() == UNDER_WAY
    # nothing lands: what has no place waits no longer
    monkeypatch.setattr(dispatch, "HANGS", 0.0)
    wait_until(lambda: claimed.count() == PLACES)
    assert Attempt.objects.count() == UNDER_WAY
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


def test_who_waited_too_long_for_a_call_is_let_go(alice: Subscriber, fake: type[FakeChat], settings: Settings) -> None:
    """The lease would not last for a call that begins now."""
    settings.HUB = settings.HUB | {"delivery_concurrency": 40, "provider_timeout": 5, "delivery_lease": 11}
    fake.act = staticmethod(hang)
    for _ in range(40):
        owe(alice, channel="chat")
    dispatch.start("chat", "high")
    wait_until(lambda: len(fake.calls) == CALLED)
    wait_until(lambda: Delivery.objects.filter(fence=2).count() == 40 - UNDER_WAY)
    assert Attempt.objects.count() == UNDER_WAY
    fake.open_gate.set()
    dispatch.stopping.set()
    assert dispatch.join(30)


def test_a_slow_account_holds_up_no_neighbour(alice: Subscriber, fake: type[FakeChat], settings: Settings) -> None:
    """Its mails are older, and more than it can call with."""
    settings.HUB = settings.HUB | {"delivery_concurrency": 200}
    Row.objects.create(tenant=alice.tenant, key="slow", kind="fake_chat", channel="chat", config={})
    fake.act = staticmethod(lambda work: slowly(work) if work.account.key == "slow" else Sent())
    for _ in range(200):
        owe(alice, channel="chat")
    neighbour = make_subscriber(make_tenant("neighbour"), email="n@example.com")
    for _ in range(300):
        owe(neighbour, channel="chat")
    dispatch.start("chat", "high")
    sent = Delivery.objects.filter(state="sent")
    wait_until(lambda: sent.filter(tenant=neighbour.tenant).count() == 300)
    assert sent.filter(tenant=alice.tenant).count() < 40
    dispatch.stopping.set()
    assert dispatch.join(30)


def slowly(_: Work) -> Sent:
    time.sleep(0.5)
    return Sent()


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
