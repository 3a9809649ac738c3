"""Promise: a claim whose holder died is finished by somebody else, without a copy too many."""

import pytest

from hub.audience.models import Subscriber
from hub.fallback.models import Attempt, Delivery, DeliveryDestination
from hub.fallback.recovery import recover
from tests.support.deliveries import copies, expire_leases, make_due, owe, pause_of, take


def test_a_lease_that_runs_is_left_alone(alice: Subscriber) -> None:
    owe(alice)
    take()
    assert recover() == 0


def test_a_claim_without_an_attempt_is_due_again_and_costs_nothing(alice: Subscriber) -> None:
    delivery = owe(alice)
    take()
    Attempt.objects.all().delete()
    expire_leases()
    assert recover() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.unknowns, delivery.lease_until) == ("waiting", 0, 0, None)
    assert take().taken == 1


def test_an_attempt_without_an_outcome_is_ambiguous_and_tried_once_more(alice: Subscriber) -> None:
    delivery = owe(alice)
    take()
    expire_leases()
    assert recover() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason, delivery.unknowns) == ("waiting", "retrying", 1)
    assert 48 <= pause_of(delivery) <= 60
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.code) == ("ambiguous", "lease_expired")
    assert attempt.finished_at is not None
    assert DeliveryDestination.objects.get().outcome == "unknown"


@pytest.mark.parametrize(("channel", "allowed"), [("email", 2), ("sms", 1)])
def test_workers_that_die_again_and_again_make_no_copy_too_many(
    alice: Subscriber, texting: None, channel: str, allowed: int
) -> None:
    delivery = owe(alice, channel=channel)
    for _ in range(5):
        make_due()
        take(channel=channel)
        expire_leases()
        recover()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason, delivery.unknowns) == ("dead", "ambiguous", allowed)
    assert copies(delivery) == allowed


def test_what_was_read_meanwhile_is_not_sent_again(alice: Subscriber) -> None:
    delivery = owe(alice)
    take()
    expire_leases()
    recover()
    make_due()
    type(delivery.item).objects.filter(id=delivery.item_id).update(read_at=delivery.created_at)
    assert take().works == ()
    assert Delivery.objects.get().state == "cancelled"
