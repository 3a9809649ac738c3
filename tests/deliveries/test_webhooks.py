"""Webhooks over real connections: signed, and tried again as the endpoint answers."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from deliveries import sweeper
from hub.inbox.services import mark
from hub.policy.webhooks import PATIENCE
from hub.tenancy.models import Tenant
from hub.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from hub.webhooks.services import change_webhook, create_webhook, redeliver, rotate_secret, send_test
from tests.api import contract
from tests.deliveries.conftest import HASTY
from tests.support.factories import item_of, make_subscriber, send
from tests.support.outbound import let_in
from tests.support.receiver import Behaviour, Receiver, reset, says
from tests.support.webhooks import due_again, owe_event, pause_of, post, tries

HOUR = timedelta(hours=1)


def fresh(row: Any) -> Any:
    row.refresh_from_db()
    return row


def test_what_happens_is_posted_as_the_document_says_and_can_be_verified(
    tenant: Tenant, webhook: Webhook, receiver: Receiver
) -> None:
    alice = make_subscriber(tenant, "alice")
    item = item_of(send(tenant, "alice", title="Hello"), alice)
    mark(subscriber_id=alice.pk, request={"op": "read", "ids": [str(item.pk)]}, origin="")
    send_test(tenant=tenant, webhook_id=webhook.pk)
    post()
    assert sorted(got.event["type"] for got in receiver.got) == [
        "item.read",
        "notification.accepted",
        "notification.processed",
        "webhook.test",
    ]
    for got in receiver.got:
        assert Verifier(webhook.secret).verify(got.body, got.headers) == got.event
        assert contract.complaint_of_event(got.event) is None
        assert got.headers["content-type"] == "application/json"
    assert {got.id for got in receiver.got} == {str(row.pk) for row in WebhookDelivery.objects.all()}
    assert {row.state for row in WebhookDelivery.objects.all()} == {"delivered"}


def test_anybody_else_cannot_sign(webhook: Webhook, receiver: Receiver) -> None:
    owe_event(webhook)
    post()
    [got] = receiver.got
    with pytest.raises(WebhookVerificationError):
        Verifier(webhook.secret).verify(got.body + b" ", got.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_" + "A" * 44).verify(got.body, got.headers)


def test_while_a_secret_is_replaced_both_sign(tenant: Tenant, webhook: Webhook, receiver: Receiver) -> None:
    old = webhook.secret
    new = rotate_secret(tenant=tenant, webhook_id=webhook.pk, overlap=HOUR).secret
    owe_event(webhook)
    post()
    for secret in (old, new):
        assert Verifier(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    Webhook.objects.update(previous_until=webhook.created_at)
    owe_event(webhook)
    post()
    assert Verifier(new).verify(receiver.got[1].body, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(receiver.got[1].body, receiver.got[1].headers)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("500", 500),
        ("503", 503),
        ("404", 404),
        ("429", 429),
        ("redirect", 302),
        ("hang", None),
        ("drip", None),
        ("reset", None),
        ("refused", None),
    ],
)
def test_whatever_goes_wrong_it_comes_again_with_the_same_id(
    webhook: Webhook, receiver: Receiver, free_port: int, settings: Settings, name: str, status: int | None
) -> None:
    inside = f"http://{receiver.host}/inside"
    wrongs: dict[str, Behaviour] = {
        "hang": receiver.hang,
        "drip": receiver.drip,
        "reset": reset,
        "redirect": says(302, Location=inside),
    }
    receiver.act = wrongs.get(name) or says(status or 0)
    patient = settings.HUB
    if name in ("hang", "drip"):
        settings.HUB = patient | HASTY
    if name == "refused":
        let_in(settings, receiver.url(), f"http://127.0.0.1:{free_port}")
        Webhook.objects.update(url=f"http://127.0.0.1:{free_port}/")
    delivery = owe_event(webhook)
    post()
    assert (fresh(delivery).state, delivery.reason, delivery.attempts, tries(delivery)) == (
        "waiting",
        "retrying",
        1,
        [status],
    )
    assert 0 < pause_of(delivery) <= 5.5
    assert fresh(webhook).failures == 1
    Webhook.objects.update(url=receiver.url("/"))
    settings.HUB = patient
    receiver.over.set()
    receiver.act = says(200)
    due_again()
    post()
    assert (fresh(delivery).state, tries(delivery)) == ("delivered", [status, 200])
    assert {got.id for got in receiver.got} == {str(delivery.pk)}
    assert receiver.at("/inside") == []
    assert (fresh(webhook).failures, webhook.failing_since) == (0, None)


def test_of_a_huge_answer_the_beginning_is_enough(webhook: Webhook, receiver: Receiver) -> None:
    receiver.act = says(200, b"\x00\x1b<x>" + b"y" * 5_000_000)
    delivery = owe_event(webhook)
    post()
    assert fresh(delivery).state == "delivered"
    assert delivery.tries.get().answer == "  <x>" + "y" * 495


def test_the_endpoints_own_wish_for_patience_is_honoured(webhook: Webhook, receiver: Receiver) -> None:
    receiver.act = says(503, Retry_After="120")
    delivery = owe_event(webhook)
    post()
    assert 120 <= pause_of(delivery) <= 132


def test_410_disables_it_and_what_it_was_owed_is_given_up(tenant: Tenant, webhook: Webhook, receiver: Receiver) -> None:
    receiver.act = says(410)
    later = owe_event(webhook)
    WebhookDelivery.objects.update(due_at=later.created_at + HOUR)
    delivery = owe_event(webhook)
    post()
    assert (fresh(delivery).state, delivery.reason) == ("dead", "gone")
    assert (fresh(webhook).disabled_reason, webhook.disabled_at is not None) == ("gone", True)
    sweeper.run_step("webhooks")
    assert (fresh(later).state, later.reason) == ("dead", "disabled")
    send(tenant, make_subscriber(tenant).external_id)
    assert WebhookDelivery.objects.count() == 2  # it is told nothing any more
    receiver.act = says(200)
    change_webhook(tenant=tenant, webhook_id=webhook.pk, enabled=True)
    assert redeliver(tenant=tenant, webhook_id=webhook.pk, since=later.created_at) == 2
    post()
    assert {row.state for row in WebhookDelivery.objects.all()} == {"delivered"}
    assert {got.id for got in receiver.got[1:]} == {str(later.pk), str(delivery.pk)}


@pytest.mark.parametrize(("failing_for", "disabled"), [(PATIENCE + 60, True), (PATIENCE - 60, False)])
def test_the_last_attempt_disables_only_who_accepted_nothing_all_the_while(
    webhook: Webhook, receiver: Receiver, failing_for: int, disabled: bool
) -> None:
    receiver.act = says(500)
    delivery = owe_event(webhook, attempts=9)
    since = delivery.created_at - HOUR * (failing_for / 3600)
    Webhook.objects.update(failing_since=since, failures=9)
    post()
    assert (fresh(delivery).state, delivery.reason) == ("dead", "retries_exhausted")
    assert (fresh(webhook).disabled_reason == "failing") is disabled


def test_the_address_is_checked_again_with_every_call(webhook: Webhook, receiver: Receiver, settings: Settings) -> None:
    """What was public when it was written may be the hub's own network by now."""
    let_in(settings)
    delivery = owe_event(webhook)
    post()
    assert (fresh(delivery).state, tries(delivery), receiver.got) == ("waiting", [None], [])
    assert "https" in delivery.tries.get().answer


def test_a_suspended_tenant_is_told_when_it_is_back(tenant: Tenant, webhook: Webhook, receiver: Receiver) -> None:
    Tenant.objects.update(status="suspended")
    delivery = owe_event(webhook)
    post()
    assert receiver.got == []
    Tenant.objects.update(status="active")
    post()
    assert fresh(delivery).state == "delivered"


def test_history_goes_after_a_while_and_with_its_webhook(tenant: Tenant, webhook: Webhook, settings: Settings) -> None:
    settings.HUB = settings.HUB | {"webhook_retention": 3600}
    other = create_webhook(tenant=tenant, url=webhook.url, events=["*"])
    old, new, waiting = (owe_event(webhook, state=state) for state in ("delivered", "dead", "waiting"))
    of_other = owe_event(other)
    WebhookAttempt.objects.create(tenant=tenant, delivery=old, fence=1)
    WebhookDelivery.objects.filter(pk=old.pk).update(finished_at=old.created_at - 2 * HOUR)
    WebhookDelivery.objects.filter(pk=new.pk).update(finished_at=new.created_at)
    Webhook.objects.filter(pk=other.pk).update(deleted_at=old.created_at - 2 * HOUR)
    assert sweeper.run_step("webhook_history") == 2
    assert set(WebhookDelivery.objects.all()) == {new, waiting}
    assert not WebhookAttempt.objects.exists()
    assert not Webhook.objects.filter(pk=other.pk).exists()
    assert of_other
