"""Promise: a provider that fails is left alone by every process, others carry on, and what waits for it costs no attempt."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import pytest
from pytest_django import Settings

from deliveries import dispatch
from deliveries import gate as gates
from deliveries.gate import Gate, gate
from deliveries.providers.base import Sent
from deliveries.providers.errors import Ambiguous, Deferred, SendError, Throttled, Transient
from hub.audience.models import Subscriber
from hub.fallback.claims import claim
from hub.fallback.models import Attempt, Delivery
from hub.fallback.work import Work
from hub.policy.circuit import Circuit
from hub.presence import redis_client
from hub.providers.accounts import Account, hub_accounts
from hub.providers.circuits import KEY
from hub.providers.models import Provider as Row
from tests.support.deliveries import make_due, owe
from tests.support.factories import make_subscriber, make_tenant
from tests.support.fake_provider import FakeChat, first, hang, only_first
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("two_chats")
FAR = 1e12


def owe_many(tenant: Any, count: int, **fields: Any) -> None:
    for number in range(count):
        owe(make_subscriber(tenant, email=f"user{number}@example.com"), channel="chat", **fields)


def by_account() -> dict[str, int]:
    called = [work.account.key for work in FakeChat.calls]
    return {key: called.count(key) for key in sorted(set(called))}


def raising(error: Callable[[], SendError], *keys: str) -> Callable[[Work], Sent]:
    def act(work: Work) -> Sent:
        if work.account.key in keys:
            raise error()
        return Sent()

    return act


def end_rest(account: Account, *gates: Gate) -> None:
    """As if its rest were over, for all processes."""
    present = time.time()
    redis_client().hset(KEY, account.circuit, Circuit(5, present - 1, 0, present - 301).encoded())
    for its in gates:
        its.reset()


def after_the_rest(deliveries: Iterable[Delivery]) -> list[float]:
    """How many seconds each is due after the first account's rest has ended, as that is known to all processes."""
    rest = Circuit.decoded(redis_client().hget(KEY, first().circuit))
    return [delivery.due_at.timestamp() - rest.rests_until for delivery in deliveries]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def pass_at(its: Gate, account: Account) -> str:
    """`""`, or why it is not called."""
    try:
        run(its.admit(FakeChat(account), 1, FAR))
    except Deferred as refusal:
        return refusal.code
    return ""


def test_five_failures_open_it_in_every_process_and_one_probe_closes_it() -> None:
    one, other, account = Gate(), Gate(), first()
    for _ in range(4):
        one.report(account, [Transient("down")])
    assert pass_at(one, account) == ""
    one.report(account, [Ambiguous("timeout")])
    assert (pass_at(one, account), pass_at(other, account)) == ("at_rest", "")
    one.look()
    other.look()
    assert pass_at(other, account) == "at_rest"
    assert other.room(account, flying=0, places=100).wait == pytest.approx(280, abs=20)

    end_rest(account, one, other)
    one.look()
    other.look()
    assert one.room(account, flying=0, places=100).places == 1
    assert [pass_at(one, account), pass_at(other, account), pass_at(one, account)] == ["", "probed", "probed"]
    one.report(account, [Sent()])
    assert pass_at(one, account) == ""
    one.look()
    other._looked_at = float("-inf")
    other.look()
    assert pass_at(other, account) == ""
    assert not redis_client().exists(KEY)


def test_addresses_of_strangers_that_fail_silence_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeChat, "hosts_vary", True)
    mine, theirs = Gate(), Gate()
    for _ in range(20):
        mine.report(first(), [Transient(), Throttled(retry_after=3600)])
    for its in (mine, theirs):
        its.look()
        assert pass_at(its, first()) == ""


def test_without_redis_each_process_keeps_to_what_it_has_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "exchange", lambda heard: None)
    its, account = Gate(), first()
    its.report(account, [Transient("down")] * 5)
    its.look()
    assert pass_at(its, account) == "at_rest"
    its._ahead += 301
    its.look()
    monkeypatch.setattr(gates, "take_probe", lambda name, lease: True)
    assert [pass_at(its, account), pass_at(its, account)] == ["", "probed"]
    its.report(account, [Sent()])
    assert pass_at(its, account) == ""


def test_a_redis_that_has_lost_its_memory_ends_no_rest() -> None:
    its, account = Gate(), first()
    its.report(account, [Throttled("429", retry_after=60)])
    its.look()
    redis_client().flushdb()
    its._looked_at = float("-inf")
    its.look()
    assert pass_at(its, account) == "at_rest"


def test_the_second_account_takes_over_and_the_probe_brings_the_first_back(alice: Subscriber) -> None:
    FakeChat.act = staticmethod(raising(lambda: Transient("down"), "first"))
    for number in range(30):
        owe_many(alice.tenant, 1)
        dispatch.dispatch("chat", "high")
        assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}, number
    assert by_account() == {"first": 5, "second": 30}
    FakeChat.calls.clear()
    FakeChat.act = staticmethod(lambda work: Sent())
    end_rest(first(), gate)
    owe_many(alice.tenant, 1)
    dispatch.dispatch("chat", "high")
    owe_many(alice.tenant, 10)
    dispatch.dispatch("chat", "high")
    assert by_account() == {"first": 11}
    assert not redis_client().exists(KEY)


def test_what_has_no_other_account_waits_until_it_opens_at_the_cost_of_no_attempt(
    alice: Subscriber, settings: Settings
) -> None:
    only_first(settings)
    gate.report(first(), [Transient("down")] * 5)
    owe_many(alice.tenant, 3)
    assert dispatch.dispatch("chat", "high") is False
    assert FakeChat.calls == []
    waiting = list(Delivery.objects.all())
    assert {(d.state, d.reason, d.attempts, d.unknowns) for d in waiting} == {("waiting", "provider_resting", 0, 0)}
    assert all(abs(seconds) < 20 for seconds in after_the_rest(waiting))
    assert not Attempt.objects.exists()


def test_what_was_claimed_before_it_opened_is_put_back(alice: Subscriber, settings: Settings) -> None:
    """The first five of a claim find out; the others are on their way to it already."""
    only_first(settings)
    FakeChat.act = staticmethod(raising(lambda: Ambiguous("timeout"), "first"))
    settings.HUB = settings.HUB | {"delivery_concurrency": 8}
    owe_many(alice.tenant, 40)
    dispatch.dispatch("chat", "high")
    assert 5 <= len(FakeChat.calls) <= 5 + 8
    rested = Delivery.objects.filter(reason="provider_resting", attempts=0, unknowns=0)
    assert rested.count() == 40 - len(FakeChat.calls)
    assert all(abs(seconds) < 20 for seconds in after_the_rest(rested))


@pytest.mark.parametrize("others", [0, 1])
def test_retry_after_is_kept_to_the_second_for_the_whole_account(
    alice: Subscriber, settings: Settings, others: int
) -> None:
    if not others:
        only_first(settings)
    FakeChat.act = staticmethod(raising(lambda: Throttled("429", retry_after=400), "first"))
    owe_many(alice.tenant, 1)
    dispatch.dispatch("chat", "high")
    owe_many(alice.tenant, 5)
    dispatch.dispatch("chat", "high")
    assert by_account() == {"first": 1} | ({"second": 6} if others else {})
    waiting = Delivery.objects.filter(state="waiting")
    assert waiting.count() == (0 if others else 6)
    # that which was told so spreads by a tenth at most, like any retry
    assert all(-20 < seconds < 60 for seconds in after_the_rest(waiting))


def test_an_account_that_was_changed_begins_anew(alice: Subscriber) -> None:
    row = Row.objects.create(tenant=alice.tenant, key="own", kind="fake_chat", channel="chat", config={"rate": 1000})
    FakeChat.act = staticmethod(raising(lambda: Transient("down"), "own"))
    owe_many(alice.tenant, 8)
    dispatch.dispatch("chat", "high")
    Row.objects.filter(pk=row.pk).update(version=2)
    FakeChat.act = staticmethod(lambda work: Sent())
    make_due()
    dispatch.dispatch("chat", "high")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_an_account_that_hangs_leaves_places_to_other_tenants(alice: Subscriber, settings: Settings) -> None:
    settings.HUB = settings.HUB | {"delivery_concurrency": 8}
    Row.objects.create(tenant=alice.tenant, key="hangs", kind="fake_chat", channel="chat", config={})
    neighbour = make_tenant("neighbour")

    def act(work: Work) -> Sent:
        if work.account.key == "hangs":
            return hang(work)
        return Sent()

    FakeChat.act = staticmethod(act)
    owe_many(alice.tenant, 40)
    owe_many(neighbour, 40)
    dispatch.start("chat", "high")
    wait_until(lambda: Delivery.objects.filter(tenant=neighbour, state="sent").count() == 40)
    # they waited for nobody: what hangs hangs still
    assert not Delivery.objects.filter(tenant=alice.tenant, state="sent").exists()
    # of the places of the run it has half: eight calls, and one that waits for a call; what was claimed ahead is let go
    assert Attempt.objects.filter(tenant=alice.tenant).count() == 9
    wait_until(lambda: Delivery.objects.filter(tenant=alice.tenant, state="claimed").count() == 9)


@pytest.mark.parametrize(("still_for", "wait"), [(0.2, 1), (4, 4), (1000, 10)])
def test_who_finds_no_place_waits_as_long_as_nothing_has_landed(
    settings: Settings, still_for: float, wait: float
) -> None:
    settings.HUB = settings.HUB | {"provider_timeout": 10}
    assert gate.room(first(), flying=200, places=0, still_for=still_for).wait == wait


def test_a_claim_is_given_no_room_by_an_account_that_rests(alice: Subscriber) -> None:
    for account in hub_accounts("chat"):
        gate.report(account, [Transient("down")] * 5)
    owe_many(alice.tenant, 1)
    batch = claim(
        channel="chat", lane="high", limit=10, room_of=lambda account: gate.room(account, flying=0, places=100)
    )
    assert (batch.taken, batch.ready) == (1, [])
