"""A mark takes one seq, keeps the counts true, cancels what is no longer owed, and does nothing twice."""

from datetime import timedelta
from typing import Any

import pytest

from hub import live
from hub.audience.models import Stream, Subscriber
from hub.clock import now
from hub.exceptions import InvalidRequest
from hub.fallback.models import Delivery
from hub.idempotency import KeyReused
from hub.inbox import services, sweeps
from hub.inbox.models import InboxItem
from hub.inbox.services import Ack, acknowledge, mark
from hub.tenancy.models import Tenant
from tests.support.factories import counts, item_of, recount, send

pytestmark = pytest.mark.django_db(transaction=True)


def do(who: Subscriber, op: str, *ids: Any, **more: Any) -> services.Receipt:
    request = {"op": op, **({"ids": [str(i) for i in ids]} if ids else {}), **more}
    return mark(subscriber_id=who.id, request=request, origin="test")


def seq_of(who: Subscriber) -> int:
    return Stream.objects.get(subscriber=who).last_seq


@pytest.mark.parametrize(
    ("op", "more", "expected"),
    [
        ("seen", {}, (1, 0)),
        ("read", {}, (0, 0)),
        ("archive", {}, (0, 0)),
        ("delete", {}, (0, 0)),
        ("snooze", {"until": "hour"}, (0, 0)),
        ("act", {"action": "accept"}, (0, 0)),
    ],
)
def test_counts_follow_each_op(tenant: Tenant, bob: Subscriber, op: str, more: Any, expected: tuple[int, int]) -> None:
    item = item_of(send(tenant, "bob", actions=[{"key": "accept", "label": "Accept"}]), bob)
    if more.get("until"):
        more = {"until": (now() + timedelta(hours=1)).isoformat()}
    receipt = do(bob, op, item.id, **more)
    assert (receipt.changed, receipt.cursor.seq) == (1, 2)
    assert counts(bob.id) == recount(bob.id) == expected == (receipt.counts.unread, receipt.counts.unseen)


def test_a_mark_that_changes_nothing_takes_no_seq(tenant: Tenant, bob: Subscriber) -> None:
    item = item_of(send(tenant, "bob"), bob)
    do(bob, "read", item.id)
    receipt = do(bob, "read", item.id)
    assert (receipt.changed, receipt.cursor.seq, seq_of(bob)) == (0, 2, 2)


def test_read_then_unread_comes_back_on_top(tenant: Tenant, bob: Subscriber) -> None:
    first, _second = item_of(send(tenant, "bob"), bob), send(tenant, "bob")
    do(bob, "read", first.id)
    do(bob, "unread", first.id)
    first.refresh_from_db()
    assert (first.surfaced_seq, first.read_at) == (4, None)
    assert counts(bob.id) == recount(bob.id) == (2, 1)


def test_mark_all_leaves_what_the_user_has_not_seen(tenant: Tenant, bob: Subscriber) -> None:
    send(tenant, "bob")
    send(tenant, "bob")
    upto = seq_of(bob)
    late = item_of(send(tenant, "bob"), bob)
    receipt = do(bob, "read", all=True, upto=upto)
    late.refresh_from_db()
    assert (receipt.changed, late.read_at) == (2, None)
    assert counts(bob.id) == recount(bob.id) == (1, 1)


def test_mark_all_by_category_and_tag(tenant: Tenant, bob: Subscriber) -> None:
    send(tenant, "bob", tags=["a"])
    send(tenant, "bob", tags=["b"])
    assert do(bob, "read", all=True, upto=10, filter={"tag": "a", "category": "message"}).changed == 1
    assert do(bob, "read", all=True, upto=10, filter={"category": "other"}).changed == 0


def test_a_mark_of_more_than_500_items_is_several_changes(
    tenant: Tenant, bob: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CHUNK", 3)
    for _ in range(8):
        send(tenant, "bob")
    frames: list[Any] = []
    monkeypatch.setattr(live, "publish", lambda told: frames.extend(told))
    receipt = do(bob, "read", all=True, upto=100)
    assert (receipt.changed, receipt.cursor.seq) == (8, 11)
    assert [seq for _, seq, _ in frames] == [9, 10, 11]
    assert counts(bob.id) == recount(bob.id) == (0, 0)


def test_a_strangers_item_is_nobodys(tenant: Tenant, bob: Subscriber, charlie: Subscriber) -> None:
    item = item_of(send(tenant, "bob"), bob)
    assert do(charlie, "read", item.id).changed == 0
    item.refresh_from_db()
    assert item.read_at is None


def test_reading_cancels_the_email(tenant: Tenant, bob: Subscriber) -> None:
    item = item_of(send(tenant, "bob"), bob)
    do(bob, "seen", item.id)
    assert Delivery.objects.get(channel="email").state == "waiting"
    do(bob, "read", item.id)
    email = Delivery.objects.get(channel="email")
    assert (email.state, email.reason) == ("cancelled", "read")


def test_a_plain_ack_postpones_once_and_a_focused_one_cancels_what_asks_no_more(
    tenant: Tenant, bob: Subscriber
) -> None:
    send(tenant, "bob")
    email = Delivery.objects.get(channel="email")
    assert acknowledge([Ack(bob.id, 1, focused=False)]) == 1
    email.refresh_from_db()
    first = email.due_at
    assert first > now() + timedelta(seconds=30)
    assert acknowledge([Ack(bob.id, 1, focused=False)]) == 0
    Delivery.objects.update(cancel_level=1)
    assert acknowledge([Ack(bob.id, 0, focused=True)]) == 0
    assert acknowledge([Ack(bob.id, 1, focused=True)]) == 1
    email.refresh_from_db()
    assert (email.state, email.reason) == ("cancelled", "focused")


def test_a_key_makes_a_repeat_harmless(tenant: Tenant, bob: Subscriber) -> None:
    item = item_of(send(tenant, "bob"), bob)
    first = do(bob, "read", item.id, key="k1")
    do(bob, "unread", item.id)
    assert do(bob, "read", item.id, key="k1") == first
    assert counts(bob.id)[0] == 1
    with pytest.raises(KeyReused):
        do(bob, "archive", item.id, key="k1")


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "op"),
        ({"op": "burn", "ids": []}, "op"),
        ({"op": "read"}, "ids"),
        ({"op": "read", "ids": []}, "ids"),
        ({"op": "read", "ids": ["x"]}, "ids"),
        ({"op": "read", "ids": "abc"}, "ids"),
        ({"op": "read", "ids": ["0" * 32] * 101}, "ids"),
        ({"op": "read", "all": True}, "upto"),
        ({"op": "read", "all": True, "upto": True}, "upto"),
        ({"op": "read", "all": True, "upto": 2**70}, "upto"),
        ({"op": "read", "all": True, "upto": 1, "filter": "best"}, "filter"),
        ({"op": "read", "all": True, "upto": 1, "filter": {"tag": 3}}, "tag"),
        ({"op": "snooze", "ids": ["0" * 32]}, "until"),
        ({"op": "snooze", "ids": ["0" * 32], "until": "2001-01-01T00:00:00Z"}, "until"),
        ({"op": "snooze", "ids": ["0" * 32], "until": "9999-01-01T00:00:00Z"}, "until"),
        ({"op": "snooze", "ids": ["0" * 32], "until": "2030-13-01T00:00:00Z"}, "until"),
        ({"op": "act", "ids": ["0" * 32]}, "action"),
        ({"op": "read", "ids": ["0" * 32], "key": "a\x00b"}, "key"),
    ],
)
def test_a_mark_that_makes_no_sense_names_its_field(bob: Subscriber, request_: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        mark(subscriber_id=bob.id, request=request_, origin="test")
    assert caught.value.errors[0].field == field


def test_a_snoozed_item_wakes_on_top_unseen(tenant: Tenant, bob: Subscriber) -> None:
    item = item_of(send(tenant, "bob"), bob)
    do(bob, "read", item.id)
    do(bob, "snooze", item.id, until=(now() + timedelta(hours=1)).isoformat())
    assert sweeps.wake_snoozed() == 0
    InboxItem.objects.update(snoozed_until=now())
    assert sweeps.wake_snoozed() == 1
    item.refresh_from_db()
    assert (item.seq, item.surfaced_seq, item.read_at, item.seen_at, item.snoozed_until) == (4, 4, None, None, None)
    assert counts(bob.id) == recount(bob.id) == (1, 1)


def test_items_that_wake_together_take_a_seq_each_and_count_up(
    tenant: Tenant, alice: Subscriber, bob: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("alice", "bob", "bob"):
        send(tenant, who)
    until = (now() + timedelta(hours=1)).isoformat()
    for who in (alice, bob):
        do(who, "snooze", *InboxItem.objects.filter(subscriber=who).values_list("id", flat=True), until=until)
    InboxItem.objects.update(snoozed_until=now())
    frames: list[Any] = []
    monkeypatch.setattr(live, "publish", lambda told: frames.extend(told))
    assert sweeps.wake_snoozed() == 3
    bobs = [(seq, frame) for who, seq, frame in frames if who == bob.id]
    assert [seq for seq, _ in bobs] == [4, 5]
    assert b'"counts":{"unread":1,"unseen":1}' in bobs[0][1]
    assert b'"counts":{"unread":2,"unseen":2}' in bobs[1][1]
    assert counts(bob.id) == recount(bob.id) == (2, 2)


def test_what_expires_goes_and_its_deliveries_with_it(tenant: Tenant, bob: Subscriber) -> None:
    send(tenant, "bob", expires_at=now() + timedelta(hours=1))
    assert sweeps.expire() == 0
    InboxItem.objects.update(expires_at=now())
    assert sweeps.expire() == 1
    assert sweeps.expire() == 0
    assert counts(bob.id) == recount(bob.id) == (0, 0)
    assert Delivery.objects.get(channel="email").reason == "expired"
