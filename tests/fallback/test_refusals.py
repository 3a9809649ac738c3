"""Promise: what is on the suppression list is not written to, and the next step of the ladder takes the turn."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from hub.audience.models import Subscriber
from hub.fallback.models import Attempt, Delivery
from hub.suppression.services import Entry, lift, suppress
from tests.support.deliveries import make_due, make_item, owe, state_of, take


def listed(subscriber: Subscriber, reason: str, channel: str = "email") -> None:
    address = subscriber.email if channel == "email" else subscriber.phone
    suppress([Entry(subscriber.tenant_id, channel, address, reason, "test")])


@pytest.mark.parametrize("reason", ["hard_bounce", "complaint", "stop", "manual", "unsubscribe"])
@pytest.mark.parametrize("required", [True, False])
def test_each_reason_lets_pass_what_it_may(alice: Subscriber, reason: str, required: bool) -> None:
    delivery = owe(alice, make_item(alice, required=required))
    listed(alice, reason)
    passes = required and reason == "unsubscribe"
    assert len(take().works) == passes
    assert state_of(delivery) == (("claimed", "") if passes else ("skipped", "suppressed"))
    assert Attempt.objects.count() == passes


def test_the_turn_is_handed_on(alice: Subscriber) -> None:
    item = make_item(alice)
    owe(alice, item)
    second = owe(alice, item, channel="sms", step=1, due_at=Now() + timedelta(seconds=600))
    listed(alice, "hard_bounce")
    take()
    assert Delivery.objects.filter(due_at__lte=Now(), state="waiting").get() == second


def test_only_that_address_is_refused(alice: Subscriber, bob: Subscriber, charlie: Subscriber) -> None:
    hers, his, theirs = owe(alice), owe(bob), owe(charlie)
    Subscriber.objects.filter(pk=charlie.pk).update(email=alice.email)
    listed(alice, "complaint")
    assert {work.delivery_id for work in take().works} == {his.pk, theirs.pk}
    assert state_of(hers) == ("skipped", "suppressed")


def test_a_list_read_between_attempts_counts(alice: Subscriber) -> None:
    delivery = owe(alice)
    take()
    Delivery.objects.filter(pk=delivery.pk).update(state="waiting", lease_until=None)
    listed(alice, "hard_bounce")
    assert take().works == ()
    Delivery.objects.filter(pk=delivery.pk).update(state="waiting", finished_at=None)
    lift(tenant=alice.tenant, channel="email", address="alice@example.com")
    make_due()
    assert len(take().works) == 1


@pytest.mark.usefixtures("texting")
def test_a_number_that_said_stop_gets_no_text(alice: Subscriber) -> None:
    alice.refresh_from_db()
    delivery, mail = owe(alice, channel="sms"), owe(alice)
    listed(alice, "stop", "sms")
    assert take(channel="sms").works == ()
    assert state_of(delivery) == ("skipped", "suppressed")
    assert [work.delivery_id for work in take().works] == [mail.pk]
