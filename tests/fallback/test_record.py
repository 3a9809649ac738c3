"""Promise: what a provider answered is kept and moves the delivery once, never after somebody else took it over."""

import threading

import pytest
from django.db import connection

from hub.audience.models import Subscriber
from hub.fallback.models import Attempt, Delivery, DeliveryDestination
from hub.fallback.record import record, redact
from hub.fallback.recovery import recover
from hub.suppression.models import Suppression
from tests.support.deliveries import answer, copies, expire_leases, make_due, owe, pause_of, take


def fresh(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(id=delivery.id)


def test_sent(alice: Subscriber) -> None:
    delivery = owe(alice)
    (work,) = take().works
    result = answer(work, "sent", code="250", answer="queued as 4711", provider_message_id="m-1")
    assert record([result]) == 1
    now = fresh(delivery)
    assert (now.state, now.reason, now.attempts, now.lease_until) == ("sent", "", 0, None)
    assert now.finished_at is not None
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.code, attempt.answer) == ("sent", "250", "queued as 4711")
    assert attempt.finished_at is not None
    destination = DeliveryDestination.objects.get()
    assert (destination.outcome, destination.provider_message_id) == ("sent", "m-1")


@pytest.mark.parametrize("outcome", ["permanent", "address_dead", "configuration"])
def test_a_refusal_for_good_is_a_dead_letter_with_its_reason(alice: Subscriber, outcome: str) -> None:
    delivery = owe(alice)
    (work,) = take().works
    record([answer(work, outcome)])
    now = fresh(delivery)
    assert (now.state, now.reason, now.attempts) == ("dead", outcome, 1)
    assert DeliveryDestination.objects.get().outcome == "failed"


@pytest.mark.parametrize(
    ("channel", "opted_out", "reason"),
    [("email", False, "hard_bounce"), ("email", True, "stop"), ("sms", True, "stop"), ("sms", False, None)],
)
def test_what_is_dead_for_good_is_put_on_the_suppression_list(
    alice: Subscriber, texting: None, channel: str, opted_out: bool, reason: str | None
) -> None:
    owe(alice, channel=channel)
    (work,) = take(channel=channel).works
    record([answer(work, "address_dead", opted_out=opted_out)])
    found = [(one.channel, one.address, one.reason, one.source) for one in Suppression.objects.all()]
    assert found == ([(channel, work.address, reason, work.account.label)] if reason else [])


def test_what_was_not_reached_is_due_again_at_once_and_then_after_a_while(alice: Subscriber) -> None:
    delivery = owe(alice)
    for expected in [0, 60, 120, 240]:
        make_due()
        (work,) = take().works
        record([answer(work, "transient")])
        assert fresh(delivery).state == "waiting"
        assert expected * 0.8 <= pause_of(delivery) <= expected
    make_due()
    (work,) = take().works
    record([answer(work, "transient")])
    now = fresh(delivery)
    assert (now.state, now.reason, now.attempts, now.fence) == ("dead", "retries_exhausted", 5, 5)


def test_retry_after_is_kept(alice: Subscriber) -> None:
    delivery = owe(alice)
    (work,) = take().works
    record([answer(work, "throttled", retry_after=1000)])
    assert 1000 <= pause_of(delivery) <= 1100


@pytest.mark.parametrize(("channel", "allowed"), [("sms", 1), ("email", 2)])
def test_attempts_of_unknown_outcome_end_where_the_channel_says(
    alice: Subscriber, texting: None, channel: str, allowed: int
) -> None:
    delivery = owe(alice, channel=channel)
    for _ in range(allowed):
        assert fresh(delivery).state == "waiting"
        make_due()
        (work,) = take(channel=channel).works
        record([answer(work, "ambiguous")])
    now = fresh(delivery)
    assert (now.state, now.reason, now.unknowns, now.attempts) == ("dead", "ambiguous", allowed, 0)
    assert DeliveryDestination.objects.get().outcome == "unknown"
    assert copies(delivery) == allowed


def test_a_result_that_comes_after_somebody_took_over_changes_only_its_attempt(alice: Subscriber) -> None:
    delivery = owe(alice)
    (late,) = take().works
    expire_leases()
    recover()
    make_due()
    (current,) = take().works
    assert record([answer(late, "sent", code="250")]) == 0
    now = fresh(delivery)
    assert (now.state, now.fence, now.unknowns) == ("claimed", 2, 1)
    assert list(Attempt.objects.order_by("fence").values_list("outcome", flat=True)) == ["sent", ""]
    assert DeliveryDestination.objects.get().outcome == "unknown"
    record([answer(current, "sent")])
    assert fresh(delivery).state == "sent"
    assert copies(delivery) == 2


def test_the_same_result_twice_counts_once(alice: Subscriber) -> None:
    delivery = owe(alice)
    (work,) = take().works
    result = answer(work, "transient")
    assert [record([result]), record([result])] == [1, 0]
    assert fresh(delivery).attempts == 1


def test_record_and_recovery_at_the_same_instant_settle_a_delivery_once(alice: Subscriber) -> None:
    deliveries = [owe(alice) for _ in range(20)]
    works = take(limit=20).works
    expire_leases()
    barrier = threading.Barrier(2)
    errors: list[BaseException] = []

    def run(settle: object) -> None:
        try:
            barrier.wait()
            settle()  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    runs = [
        lambda: [record([answer(w, "sent") for w in works[i : i + 4]]) for i in range(0, 20, 4)],
        lambda: [recover(limit=3) for _ in range(10)],
    ]
    threads = [threading.Thread(target=run, args=(r,)) for r in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for delivery in deliveries:
        now = fresh(delivery)
        # sent, or recovered as one unknown: never both
        assert (now.state, now.unknowns) in {("sent", 0), ("waiting", 1)}
        assert now.attempts == 0


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("550 5.1.1 <alice@example.com>: unknown", "550 5.1.1 <<address>>: unknown"),
        ("no route to +44 20 7946 0018 now", "no route to <address> now"),
        ("queued as 20241107.4711", "queued as 20241107.4711"),
        ("a\r\nb\x00c", "a b c"),
        pytest.param("a\udc80b", "a?b", id="no text"),
        ("x" * 900, "x" * 500),
    ],
)
def test_answers_are_kept_without_addresses(text: str, kept: str) -> None:
    assert redact(text) == kept


def test_an_answer_with_addresses_and_nul_reaches_the_record_redacted(alice: Subscriber) -> None:
    owe(alice)
    (work,) = take().works
    record([answer(work, "permanent", code="5" * 99, answer="alice@example.com\x00?")])
    attempt = Attempt.objects.get()
    assert attempt.answer == "<address> ?"
    assert len(attempt.code) == 64


def test_a_name_that_no_database_takes_spoils_no_record(alice: Subscriber) -> None:
    """A push server that a stranger chose says what it likes in its header `Location`."""
    owe(alice)
    owe(alice)
    ours, theirs = take().works
    assert record([answer(ours, "sent"), answer(theirs, "sent", provider_message_id="a\udc80b\x00c")]) == 2
    assert "a?bc" in DeliveryDestination.objects.values_list("provider_message_id", flat=True)
