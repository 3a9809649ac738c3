"""Promise: an operator sends again what ended, once a click, in their tenant only, and sees what could not be sent."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now

from hub.audience.models import Subscriber
from hub.exceptions import Conflict, NotFound
from hub.fallback.lists import Wanted, delivery_ids
from hub.fallback.models import Delivery
from hub.fallback.record import record
from hub.fallback.selectors import due_lanes, get_delivery
from hub.fallback.services import mark_dead, replay, replay_dead_letters, retry
from tests.support.deliveries import answer, owe, take


def finish(subscriber: Subscriber, outcome: str, **fields: object) -> Delivery:
    # one that may have arrived already: the next of unknown outcome is the last
    delivery = owe(subscriber, **{"unknowns": int(outcome == "ambiguous")} | fields)
    (work,) = take().works
    record([answer(work, outcome)])
    delivery.refresh_from_db()
    return delivery


@pytest.mark.parametrize(("outcome", "cancel_level"), [("permanent", 2), ("ambiguous", 2), ("sent", 4)])
def test_a_replay_is_a_new_generation_due_now(alice: Subscriber, outcome: str, cancel_level: int) -> None:
    old = finish(alice, outcome, step=3)
    assert replay(tenant=alice.tenant, delivery_ids=[old.id]) == 1
    (work,) = take().works
    new = Delivery.objects.get(generation=1)
    assert (new.item_id, new.channel, new.step, new.fence, new.attempts, new.unknowns) == (
        old.item_id,
        "email",
        3,
        1,
        0,
        0,
    )
    assert new.cancel_level == cancel_level
    assert work.message_id == f"{new.id}.1"
    old.refresh_from_db()
    assert old.state == ("sent" if outcome == "sent" else "replayed")


def test_two_clicks_are_one_replay(alice: Subscriber) -> None:
    old = finish(alice, "permanent")
    barrier = threading.Barrier(2)
    made: list[int] = []

    def click() -> None:
        try:
            barrier.wait()
            made.append(replay(tenant=alice.tenant, delivery_ids=[old.id, old.id]))
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 1]
    assert Delivery.objects.count() == 2


def test_a_replay_can_be_replayed_once_it_has_ended(alice: Subscriber) -> None:
    old = finish(alice, "permanent")
    replay(tenant=alice.tenant, delivery_ids=[old.id])
    new = Delivery.objects.get(generation=1)
    assert replay(tenant=alice.tenant, delivery_ids=[new.id]) == 0
    (work,) = take().works
    record([answer(work, "permanent")])
    assert replay(tenant=alice.tenant, delivery_ids=[old.id, new.id]) == 1
    assert Delivery.objects.filter(generation=2).count() == 1


def dead_letters(subscriber: Subscriber) -> list[UUID]:
    return delivery_ids(tenant=subscriber.tenant, wanted=Wanted(state="dead"), limit=10)


def test_dead_letters_are_replayed_many_at_a_time(alice: Subscriber) -> None:
    for _ in range(3):
        finish(alice, "permanent")
    ambiguous = finish(alice, "ambiguous")
    permanent = Wanted(state="dead", reason="permanent")
    assert replay_dead_letters(tenant=alice.tenant, wanted=permanent, limit=2) == (2, True)
    assert replay_dead_letters(tenant=alice.tenant, wanted=permanent, limit=2) == (1, False)
    assert replay_dead_letters(tenant=alice.tenant, wanted=permanent, limit=2) == (0, False)
    assert dead_letters(alice) == [ambiguous.id]


def test_what_was_skipped_can_be_retried_once_it_has_an_address(alice: Subscriber) -> None:
    skipped = owe(alice, state="skipped", reason="no_destination")
    following = retry(tenant=alice.tenant, delivery_id=skipped.id)
    assert (following.state, following.generation) == ("waiting", 1)
    with pytest.raises(Conflict):
        retry(tenant=alice.tenant, delivery_id=skipped.id)


@pytest.mark.parametrize("state", ["waiting", "sent", "cancelled", "replayed"])
def test_anything_else_can_not_be_retried(alice: Subscriber, state: str) -> None:
    with pytest.raises(Conflict, match=state):
        retry(tenant=alice.tenant, delivery_id=owe(alice, state=state).id)


def test_a_dead_letter_that_was_replayed_is_none_any_more(alice: Subscriber) -> None:
    old = finish(alice, "permanent")
    assert dead_letters(alice) == [old.id]
    replay(tenant=alice.tenant, delivery_ids=[old.id])
    assert dead_letters(alice) == []


def test_what_waits_can_be_given_up_but_not_what_is_being_sent(alice: Subscriber) -> None:
    waiting, sending = owe(alice, due_at=Now() + timedelta(hours=1)), owe(alice)
    take()
    assert mark_dead(tenant=alice.tenant, delivery_ids=[waiting.id, sending.id]) == 1
    waiting.refresh_from_db()
    sending.refresh_from_db()
    assert (waiting.state, waiting.reason, sending.state) == ("dead", "operator", "claimed")
    assert waiting.finished_at is not None


def test_a_stranger_can_do_and_see_nothing(alice: Subscriber, charlie: Subscriber) -> None:
    dead, waiting = finish(alice, "permanent"), owe(alice)
    assert replay(tenant=charlie.tenant, delivery_ids=[dead.id]) == 0
    assert mark_dead(tenant=charlie.tenant, delivery_ids=[waiting.id]) == 0
    assert replay_dead_letters(tenant=charlie.tenant, wanted=Wanted(state="dead"), limit=10) == (0, False)
    assert dead_letters(charlie) == []
    for act in (get_delivery, retry):
        with pytest.raises(NotFound):
            act(tenant=charlie.tenant, delivery_id=dead.id)


def test_lanes_with_something_due_urgent_first(alice: Subscriber) -> None:
    owe(alice, lane="bulk")
    owe(alice, lane="high", due_at=Now() - timedelta(seconds=30))
    owe(alice, channel="pigeon", lane="bulk")
    owe(alice, channel="sms", due_at=Now() + timedelta(seconds=30))
    due = due_lanes()
    assert [(d.channel, d.lane) for d in due] == [("email", "high"), ("email", "bulk"), ("pigeon", "bulk")]
    assert due[0].overdue >= 30
