"""What leaves the unread is noted with the change itself, where a push of it may be on a screen, and nowhere else."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hub.audience.erasure import erase_subscriber
from hub.audience.models import Subscriber
from hub.clock import now
from hub.fallback.models import Delivery, DeliveryDestination, Withdrawal
from hub.fallback.withdrawals import SHOWN_FOR, is_due, take
from hub.ids import uuid7
from hub.inbox import sweeps
from hub.inbox.models import InboxItem
from hub.inbox.services import mark
from hub.notifications.retract import retract
from tests.support.deliveries import owe
from tests.support.factories import item_of, send


def pushed(who: Subscriber, *, state: str = "sent", outcome: str = "sent", **fields: Any) -> InboxItem:
    """An item in their inbox, and what became of its push to one device."""
    item = item_of(send(who.tenant, who.external_id, actions=[{"key": "go", "label": "Go"}]), who)
    Delivery.objects.filter(item=item).delete()
    delivery = owe(who, item, **({"channel": "push", "state": state} | fields))
    DeliveryDestination.objects.create(tenant=who.tenant, delivery=delivery, address=str(uuid7()), outcome=outcome)
    return item


def do(who: Subscriber, op: str, item: InboxItem, **more: Any) -> None:
    mark(subscriber_id=who.id, request={"op": op, "ids": [str(item.id)], **more}, origin="test")


def noted() -> list[Any]:
    return list(Withdrawal.objects.values_list("item", flat=True))


@pytest.mark.parametrize(
    ("op", "more", "expected"),
    [
        ("read", {}, True),
        ("archive", {}, True),
        ("delete", {}, True),
        ("act", {"action": "go"}, True),
        ("snooze", {"until": "2999-01-01T00:00:00Z"}, True),
        ("seen", {}, False),
    ],
)
def test_what_leaves_the_unread_is_noted(alice: Subscriber, op: str, more: dict[str, str], expected: bool) -> None:
    item = pushed(alice)
    if "until" in more:
        more = {"until": (now() + timedelta(hours=1)).isoformat()}
    do(alice, op, item, **more)
    assert noted() == ([item.id] if expected else [])


def test_what_is_retracted_is_noted_but_for_who_has_read_it(alice: Subscriber, bob: Subscriber) -> None:
    item = pushed(alice)
    retract(tenant=alice.tenant, notification_id=item.notification_id)
    assert noted() == [item.id]
    Withdrawal.objects.all().delete()
    read = pushed(bob)
    do(bob, "read", read)
    Withdrawal.objects.all().delete()
    retract(tenant=bob.tenant, notification_id=read.notification_id)
    assert noted() == []


def test_what_expires_is_noted_and_what_wakes_is_not(alice: Subscriber) -> None:
    item, snoozed = pushed(alice), pushed(alice)
    InboxItem.objects.filter(id=item.id).update(expires_at=now())
    InboxItem.objects.filter(id=snoozed.id).update(snoozed_until=now())
    assert (sweeps.expire(), sweeps.wake_snoozed()) == (1, 1)
    assert noted() == [item.id]


@pytest.mark.parametrize(
    "fields", [{"channel": "email"}, {"outcome": "failed", "state": "dead"}], ids=["by mail", "in vain"]
)
def test_what_is_on_no_screen_is_not_noted(alice: Subscriber, fields: dict[str, str]) -> None:
    do(alice, "read", pushed(alice, **fields))
    assert noted() == []


def test_what_was_pushed_long_ago_is_not_noted(alice: Subscriber) -> None:
    long_ago, lately = pushed(alice), pushed(alice)
    for item, days in ((long_ago, SHOWN_FOR + 1), (lately, SHOWN_FOR - 1)):
        Delivery.objects.filter(item=item).update(created_at=now() - timedelta(days=days))
        do(alice, "read", item)
    assert noted() == [lately.id]


def test_a_mark_asks_nothing_more_whether_anything_was_pushed_or_not(alice: Subscriber) -> None:
    asked = []
    for item in (item_of(send(alice.tenant, "alice"), alice), pushed(alice)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            do(alice, "read", item)
        asked.append([query["sql"].split()[0] for query in queries])
    assert asked[0] == asked[1] == ["BEGIN", "SELECT", "WITH", "COMMIT"]
    assert len(noted()) == 1


def test_a_change_that_is_not_committed_notes_nothing(alice: Subscriber) -> None:
    item = pushed(alice)
    with transaction.atomic():
        do(alice, "read", item)
        assert noted() == [item.id]
        transaction.set_rollback(True)
    assert noted() == []


def test_notes_gather_for_a_moment(alice: Subscriber) -> None:
    do(alice, "read", pushed(alice))
    assert not is_due()
    assert take().notes == 0
    Withdrawal.objects.update(noted_at=now() - timedelta(seconds=10))
    do(alice, "read", pushed(alice))
    assert is_due()
    assert take().notes == 2
    assert not is_due()


def test_nothing_is_left_of_who_is_erased(alice: Subscriber) -> None:
    do(alice, "read", pushed(alice))
    erase_subscriber(tenant=alice.tenant, external_id="alice")
    assert noted() == []
