"""Promise: a due delivery is taken by one process, checked once more, and on record before a provider is called."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

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
from hub.preferences.models import Preference
from hub.preferences.unsubscribe import read_link
from hub.rows import ask_all
from hub.tenancy.models import Tenant
from tests.support.deliveries import expire_leases, make_item, owe, take
from tests.support.factories import make_subscriber, make_tenant


def state_of(delivery: Delivery) -> tuple[str, str]:
    delivery.refresh_from_db()
    return delivery.state, delivery.reason


def test_a_claim_says_all_that_a_channel_needs(alice: Subscriber) -> None:
    delivery = owe(alice)
    batch = take()
    (work,) = batch.works
    delivery.refresh_from_db()
    assert (batch.taken, delivery.state, delivery.fence) == (1, "claimed", 1)
    assert delivery.lease_until is not None
    assert (work.delivery_id, work.fence, work.address) == (delivery.id, 1, "alice@example.com")
    assert (work.tenant, work.name, work.content["title"]) == ("acme", "Alice", "Hello")
    assert work.message_id == f"{delivery.id}.0"
    assert (work.expires_in, work.group_key) == (None, "")


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


def test_a_claim_says_how_mails_that_are_not_required_are_stopped(alice: Subscriber) -> None:
    owe(alice, item := make_item(alice))
    (work,) = take().works
    found = read_link(work.unsubscribe_url.rpartition("/")[2])
    assert (found.subscriber, found.category) == (alice, item.notification.category)
    assert work.unsubscribe_url not in repr(work)
    Notification.objects.update(required=True)
    owe(alice, make_item(alice, required=True))
    assert take().works[0].unsubscribe_url == ""


def test_a_claim_says_how_each_tenant_shows_itself(alice: Subscriber) -> None:
    """As it is at this instant, and without a question more for another tenant."""
    owe(alice)
    with CaptureQueriesContext(connection) as of_one:
        take()
    for number in range(3):
        tenant = make_tenant(branding={"name": f"Shop {number}", "colour": "#ffd000"})
        owe(make_subscriber(tenant, "bob", email="bob@example.com"))
    with CaptureQueriesContext(connection) as of_three:
        works = take().works
    assert {work.branding.name for work in works} == {"Shop 0", "Shop 1", "Shop 2"}
    assert {work.branding.text_colour for work in works} == {"#000000"}
    assert len(of_three) == len(of_one)


def test_a_claim_says_how_long_it_is_of_use(alice: Subscriber) -> None:
    """By the tenant's clock, to the end of the notification or of the item, whichever comes first."""
    Tenant.objects.filter(pk=alice.tenant_id).update(sandbox=True, clock_offset=timedelta(hours=1))
    item = make_item(alice, group_key="order-17", expires_at=datetime.now(UTC) + timedelta(hours=3))
    owe(alice, item)
    InboxItem.objects.filter(pk=item.pk).update(expires_at=datetime.now(UTC) + timedelta(hours=2))
    (work,) = take().works
    assert work.expires_in == pytest.approx(3600, abs=60)
    assert work.group_key == "order-17"


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


def test_a_change_of_address_between_attempts_is_followed(alice: Subscriber) -> None:
    delivery = owe(alice)
    (first,) = take().works
    Delivery.objects.filter(id=delivery.id).update(state="waiting", lease_until=None)
    Subscriber.objects.filter(id=alice.id).update(email="new@example.com")
    (second,) = take().works
    assert (first.address, second.address, second.fence) == ("alice@example.com", "new@example.com", 2)
    assert first.message_id == second.message_id


def test_an_address_that_was_settled_is_not_called_again(alice: Subscriber) -> None:
    delivery = owe(alice)
    (first,) = take().works
    DeliveryDestination.objects.filter(id=first.destination_id).update(outcome="failed")
    Delivery.objects.filter(id=delivery.id).update(state="waiting", lease_until=None)
    assert take().works == ()
    assert state_of(delivery) == ("skipped", "no_destination")
