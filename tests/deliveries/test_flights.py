"""Promise: every destination gets the receipt that is its own, however the works were put into calls, and each delivery lands
once."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from pytest_django import Settings

from deliveries.flights import Answered, take_off
from deliveries.providers.base import Provider, Receipt, Sent
from deliveries.providers.errors import Configuration, Permanent, SendError, Throttled, Transient
from hub.fallback.work import Work
from hub.ids import uuid7
from hub.policy.retry import Outcome
from hub.providers.accounts import Account
from tests.support.works import make_work

Reply = Callable[[Sequence[Work]], Sequence[Receipt]]


class Batching(Provider):
    """Takes three works a call, of one event each."""

    channel = "push"
    batch_size = 3
    idempotency = 60.0
    calls: list[list[str]] = []
    reply: Reply = staticmethod(lambda batch: [Sent(work.address) for work in batch])

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        if account.key == "unusable":
            raise Configuration("no_token")

    def batch_key(self, work: Work) -> object:
        return work.event

    async def send(self, batch: Sequence[Work]) -> Sequence[Receipt]:
        type(self).calls.append([work.address for work in batch])
        await asyncio.sleep(0)
        return type(self).reply(batch)


class Hanging(Batching):
    async def send(self, batch: Sequence[Work]) -> Sequence[Receipt]:
        await asyncio.sleep(60)
        return []


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> Iterator[None]:
    kinds = {"batching": f"{__name__}.Batching", "hanging": f"{__name__}.Hanging"}
    settings.HUB = settings.HUB | {"provider_kinds": kinds}
    Batching.calls, reply = [], Batching.reply
    yield
    Batching.reply = staticmethod(reply)


def account(key: str = "one", kind: str = "batching") -> Account:
    return Account(f"id-{key}", kind, key, "push")


def works(count: int, **fields: object) -> list[Work]:
    """Each of a delivery of its own."""
    return [
        make_work(**{"address": f"a{n}", "account": account(), "delivery_id": uuid7()} | fields) for n in range(count)
    ]


def fly(given: Sequence[Work], deliveries: int, latest: float | None = None) -> list[Answered]:
    landed: SimpleQueue[Answered] = SimpleQueue()
    take_off(given, "high", time.monotonic() + 30 if latest is None else latest, landed.put)
    answered = [landed.get(timeout=30) for _ in range(deliveries)]
    with pytest.raises(Empty):
        landed.get(timeout=0.05)
    return answered


def outcomes(answered: Sequence[Answered]) -> dict[str, Outcome]:
    """By the destinations' ids."""
    return {str(result.destination_id): result.outcome for results in answered for result in results}


def test_deliveries_share_calls_where_their_keys_are_the_same() -> None:
    given = works(4, event="order") + works(2, event="login")
    answered = fly(given, 6)
    assert sorted(map(len, Batching.calls)) == [1, 2, 3]
    by_id = {result.destination_id: result for [result] in answered}
    for work in given:
        assert by_id[work.destination_id].provider_message_id == work.address
    assert all(result.safe for result in by_id.values())


def test_each_work_of_a_call_keeps_its_own_answer() -> None:
    given = works(3)
    Batching.reply = staticmethod(lambda batch: [Sent("ok"), Throttled("429", "later", retry_after=7), Permanent("no")])
    answered = fly(given, 3)
    assert [outcomes(answered)[str(work.destination_id)] for work in given] == ["sent", "throttled", "permanent"]
    [throttled] = [result for [result] in answered if result.outcome is Outcome.THROTTLED]
    assert (throttled.code, throttled.answer, throttled.retry_after) == ("429", "later", 7)


@pytest.mark.parametrize("receipts", [[], [Sent()], [Sent()] * 4, [Sent(), Sent(), None]])
def test_receipts_that_are_not_one_for_each_work_say_nothing_of_any(receipts: list[Any]) -> None:
    Batching.reply = staticmethod(lambda batch: receipts)
    given = works(3)
    assert set(outcomes(fly(given, 3)).values()) == {Outcome.AMBIGUOUS}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Transient("down"), Outcome.TRANSIENT), (RuntimeError("a bug"), Outcome.AMBIGUOUS)],
)
def test_what_a_call_raises_counts_for_all_of_its_works_and_no_others(error: Exception, outcome: Outcome) -> None:
    def reply(batch: Sequence[Work]) -> Sequence[Receipt]:
        if batch[0].event == "bad":
            raise error
        return [Sent()] * len(batch)

    Batching.reply = staticmethod(reply)
    bad, good = works(2, event="bad"), works(2, event="good")
    got = outcomes(fly(bad + good, 4))
    assert [got[str(work.destination_id)] for work in bad + good] == [outcome] * 2 + [Outcome.SENT] * 2


def test_a_provider_that_can_not_tell_its_works_apart_hurts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def key(self: Batching, work: Work) -> object:
        if self.account.key == "broken":
            raise RuntimeError
        return work.event

    monkeypatch.setattr(Batching, "batch_key", key)
    bad, good = works(2, account=account("broken")), works(2)
    got = outcomes(fly(bad + good, 4))
    assert [got[str(work.destination_id)] for work in bad + good] == [Outcome.CONFIGURATION] * 2 + [Outcome.SENT] * 2


def test_all_land_though_our_own_code_breaks_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a landing would wait for ever."""

    def report(its: Account, receipts: Sequence[Receipt]) -> None:
        if its.key == "one":
            raise RuntimeError

    monkeypatch.setattr("deliveries.flights.gate.report", report)
    shared = uuid7()
    given = [*works(2), *works(1, delivery_id=shared), *works(1, delivery_id=shared, account=account("two"))]
    answered = fly(given, 3)
    assert sorted(map(len, answered)) == [1, 1, 2]
    got = outcomes(answered)
    assert [got[str(work.destination_id)] for work in given] == [Outcome.AMBIGUOUS] * 3 + [Outcome.SENT]


def test_an_account_that_can_not_be_closed_when_it_was_changed_hurts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def close(_: Batching) -> None:
        raise RuntimeError

    monkeypatch.setattr(Batching, "close", close)
    for version in (1, 2):
        changed = Account("id-changed", "batching", "changed", "push", version)
        assert set(outcomes(fly(works(1, account=changed) + works(1), 2)).values()) == {Outcome.SENT}


@pytest.mark.parametrize("size", [0, None])
def test_a_kind_of_no_batches_at_all_is_a_wrong_one(monkeypatch: pytest.MonkeyPatch, size: int | None) -> None:
    monkeypatch.setattr(Batching, "batch_size", size)
    assert set(outcomes(fly(works(2), 2)).values()) == {Outcome.CONFIGURATION}


def test_a_delivery_lands_once_when_all_of_its_accounts_have_answered() -> None:
    delivery = uuid7()
    given = [
        *works(2, delivery_id=delivery),
        *works(2, delivery_id=delivery, account=account("two")),
        *works(1, delivery_id=delivery, account=account("unusable")),
        *works(1),
    ]
    answered = fly(given, 2)
    whole = next(results for results in answered if len(results) > 1)
    assert sorted(str(result.outcome) for result in whole) == ["configuration", "sent", "sent", "sent", "sent"]
    assert {result.claimed.id for result in whole} == {delivery}
    assert [not result.safe for result in whole if result.outcome is Outcome.CONFIGURATION] == [True]


def test_a_provider_that_keeps_no_time_is_cut_off(settings: Settings) -> None:
    settings.HUB = settings.HUB | {"provider_timeout": 0.1}
    assert set(outcomes(fly(works(2, account=account("h", "hanging")), 2)).values()) == {Outcome.AMBIGUOUS}


def test_what_comes_too_late_is_not_sent() -> None:
    [[result]] = fly(works(1), 1, latest=time.monotonic() - 1)
    assert (result.outcome, result.code, Batching.calls) == (Outcome.DEFERRED, "not_started", [])


def test_what_follows_failures_in_the_same_claim_is_not_called() -> None:
    def reply(batch: Sequence[Work]) -> Sequence[SendError]:
        return [Transient("down")] * len(batch)

    Batching.reply = staticmethod(reply)
    fly(works(6), 6)
    Batching.calls.clear()
    [[result]] = fly(works(1), 1)
    assert (result.outcome, result.code, Batching.calls) == (Outcome.DEFERRED, "at_rest", [])
    assert 270 < (result.retry_after or 0) <= 300


def test_nothing_is_nothing() -> None:
    assert fly([], 0) == []
