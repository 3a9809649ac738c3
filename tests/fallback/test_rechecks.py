"""Promise: as a delivery is claimed, what has become of its item, its tenant and its address is checked once more."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from hub.audience.models import Subscriber
from hub.fallback.models import Attempt, Delivery, DeliveryDestination
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.preferences.models import Preference
from hub.tenancy.models import Tenant
from tests.support.deliveries import make_item, owe, state_of, take
from tests.support.factories import make_subscriber


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"seen_at": Now()}, ("cancelled", "seen")),
        ({"read_at": Now()}, ("cancelled", "read")),
        ({"archived_at": Now()}, ("cancelled", "read")),
        ({"deleted_at": Now()}, ("cancelled", "read")),
        ({"acted": "approve", "acted_at": Now()}, ("cancelled", "read")),
        ({"retracted_at": Now()}, ("cancelled", "retracted")),
        ({"expired_at": Now()}, ("cancelled", "expired")),
        ({"expires_at": Now() - timedelta(seconds=1)}, ("cancelled", "expired")),
        ({"expires_at": Now() + timedelta(seconds=60)}, ("claimed", "")),
        ({"snoozed_until": Now() + timedelta(seconds=60)}, ("claimed", "")),
    ],
)
def test_what_the_item_has_become_is_checked_again(
    alice: Subscriber, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    delivery = owe(alice)
    InboxItem.objects.filter(id=delivery.item_id).update(**change)
    batch = take()
    assert state_of(delivery) == expected
    assert len(batch.works) == (expected[0] == "claimed")
    assert Attempt.objects.count() == len(batch.works)


def test_a_notification_that_was_cancelled_or_expired_is_not_sent(alice: Subscriber) -> None:
    cancelled, expired = owe(alice), owe(alice)
    Notification.objects.filter(id=cancelled.notification_id).update(status="cancelled")
    Notification.objects.filter(id=expired.notification_id).update(expires_at=Now() - timedelta(seconds=1))
    assert take().works == ()
    assert state_of(cancelled) == ("cancelled", "notification_cancelled")
    assert state_of(expired) == ("cancelled", "expired")


def test_a_suspended_tenant_sends_nothing(alice: Subscriber, charlie: Subscriber) -> None:
    ours, theirs = owe(alice), owe(charlie)
    Tenant.objects.filter(id=alice.tenant_id).update(status="suspended")
    assert [work.delivery_id for work in take().works] == [theirs.id]
    assert state_of(ours) == ("cancelled", "tenant_suspended")


@pytest.mark.parametrize(
    ("category", "channel", "enabled", "required", "sent"),
    [
        ("general", "email", False, False, False),
        ("general", "email", False, True, True),
        ("general", "email", True, False, True),
        ("general", "push", False, False, True),
        ("other", "email", False, False, True),
    ],
)
def test_a_preference_switched_off_since_then_counts(
    alice: Subscriber, category: str, channel: str, enabled: bool, required: bool, sent: bool
) -> None:
    delivery = owe(alice, make_item(alice, required=required))
    Preference.objects.create(
        tenant=alice.tenant, subscriber=alice, category=category, channel=channel, enabled=enabled
    )
    assert bool(take().works) is sent
    assert state_of(delivery) == (("claimed", "") if sent else ("skipped", "preference_off"))


def test_who_has_no_address_any_more_hands_the_turn_to_the_next_step_only(tenant: Tenant) -> None:
    nobody = make_subscriber(tenant, "nobody")
    item = make_item(nobody)
    later = Now() + timedelta(seconds=600)
    first = owe(nobody, item, step=0)
    third = owe(nobody, item, channel="chat", step=2, due_at=later)
    second = owe(nobody, item, channel="sms", step=1, due_at=later)
    other = owe(nobody, make_item(nobody), channel="sms", step=1, due_at=later)
    batch = take()
    assert (batch.taken, batch.works) == (1, ())
    assert state_of(first) == ("skipped", "no_destination")
    due = set(Delivery.objects.filter(due_at__lte=Now(), state="waiting").values_list("id", flat=True))
    assert due == {second.id}
    assert {third.id, other.id}.isdisjoint(due)


def test_who_was_present_keeps_the_time_of_the_next_step(tenant: Tenant) -> None:
    nobody = make_subscriber(tenant, "nobody")
    item = make_item(nobody)
    owe(nobody, item, absent=False)
    owe(nobody, item, channel="sms", step=1, absent=False, due_at=Now() + timedelta(seconds=600))
    take()
    assert not Delivery.objects.filter(due_at__lte=Now(), state="waiting").exists()


def test_a_channel_that_nobody_serves_has_no_destination(alice: Subscriber) -> None:
    delivery = owe(alice, channel="chat")
    assert take(channel="chat").works == ()
    assert state_of(delivery) == ("skipped", "no_destination")


def test_an_address_that_was_settled_is_not_called_again(alice: Subscriber) -> None:
    delivery = owe(alice)
    (first,) = take().works
    DeliveryDestination.objects.filter(id=first.destination_id).update(outcome="failed")
    Delivery.objects.filter(id=delivery.id).update(state="waiting", lease_until=None)
    assert take().works == ()
    assert state_of(delivery) == ("skipped", "no_destination")
