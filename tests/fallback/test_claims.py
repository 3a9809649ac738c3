"""Promise: a due delivery is taken by one process, and on record before a provider is called."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from hub.audience.models import Subscriber
from hub.fallback import claims, taking
from hub.fallback.claims import attempt, claim, let_go
from hub.fallback.models import Attempt, Delivery, DeliveryDestination
from hub.fallback.reasons import PROVIDER_RESTING
from hub.fallback.recovery import recover
from hub.fallback.resting import rest
from hub.fallback.words import words_to_send
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.rows import ask_all
from tests.support.deliveries import expire_leases, make_item, owe, state_of, take


def test_who_was_held_up_for_longer_than_the_lease_changes_nothing(alice: Subscriber) -> None:
    delivery = owe(alice)
    late = claim(channel="email", lane="high", limit=1)
    expire_leases()
    recover()
    current = claim(channel="email", lane="high", limit=1)
    assert attempt(late.ready) == []
    let_go(late.ready)
    rest([(one.due, 5.0) for one in late.ready], PROVIDER_RESTING)
    assert state_of(delivery) == ("claimed", "")
    assert Attempt.objects.count() == 0
    assert [work.fence for work in attempt(current.ready)] == [2]


def test_who_was_held_up_stops_nothing_that_others_have_claimed(
    alice: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = owe(alice)
    InboxItem.objects.update(read_at=Now())

    def words_after_a_while(taken: Any) -> Any:
        monkeypatch.undo()
        InboxItem.objects.update(read_at=None)
        expire_leases()
        recover()
        assert len(take().works) == 1
        return words_to_send(taken)

    monkeypatch.setattr(claims, "words_to_send", words_after_a_while)
    assert claim(channel="email", lane="high", limit=1).ready == []
    assert state_of(delivery) == ("claimed", "")


def test_what_is_let_go_keeps_its_turn(alice: Subscriber) -> None:
    delivery = owe(alice)
    due_at = delivery.due_at
    let_go(claim(channel="email", lane="high", limit=1).ready)
    assert state_of(delivery) == ("waiting", "")
    assert (delivery.due_at, delivery.lease_until) == (due_at, None)
    assert [work.fence for work in take().works] == [2]


def test_what_is_deleted_meanwhile_is_not_sent(alice: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    owe(alice)
    kept = owe(alice)

    def ask_of_fewer(*questions: Any) -> Any:
        Notification.objects.exclude(pk=kept.notification_id).delete()
        return ask_all(*questions)

    monkeypatch.setattr(taking, "ask_all", ask_of_fewer)
    assert [work.delivery_id for work in take().works] == [kept.id]


def test_the_attempt_is_on_record_before_anybody_is_called(alice: Subscriber) -> None:
    owe(alice)
    (work,) = take().works
    attempt = Attempt.objects.get(destination_id=work.destination_id, fence=work.fence)
    assert (attempt.outcome, attempt.provider, attempt.finished_at) == ("", "django:mail", None)
    destination = DeliveryDestination.objects.get(id=work.destination_id)
    assert (destination.address, destination.outcome) == ("alice@example.com", "pending")


def test_only_what_is_due_on_that_lane_is_taken_oldest_first(alice: Subscriber) -> None:
    second = owe(alice, due_at=Now() - timedelta(seconds=5))
    first = owe(alice, due_at=Now() - timedelta(seconds=9))
    owe(alice, due_at=Now() + timedelta(seconds=60))
    owe(alice, lane="bulk")
    owe(alice, channel="push")
    assert [work.delivery_id for work in take(limit=1).works] == [first.id]
    assert [work.delivery_id for work in take().works] == [second.id]
    assert take().taken == 0


@pytest.mark.parametrize("claimers", [4])
def test_claims_at_the_same_time_never_share_a_delivery(alice: Subscriber, claimers: int) -> None:
    item = [make_item(alice) for _ in range(40)]
    for one in item:
        owe(alice, one)
    taken: list[Any] = []
    barrier = threading.Barrier(claimers)

    def claim_all() -> None:
        try:
            barrier.wait()
            while batch := take(limit=3):
                if not batch.taken:
                    break
                taken.extend((work.delivery_id, work.fence) for work in batch.works)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim_all) for _ in range(claimers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 40
    assert {fence for _, fence in taken} == {1}


def test_a_row_that_is_being_cancelled_is_not_waited_for(alice: Subscriber) -> None:
    delivery = owe(alice)
    holding, release = threading.Event(), threading.Event()

    def cancel() -> None:
        try:
            with transaction.atomic():
                Delivery.objects.filter(id=delivery.id).update(state="cancelled", reason="read")
                holding.set()
                release.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    assert holding.wait(30)
    assert take().taken == 0
    release.set()
    thread.join()
    assert state_of(delivery) == ("cancelled", "read")
