"""Runs of posting: no endpoint waits for another, each has its share of calls, and nothing is lost when a run ends early."""

import socket
from threading import Event, Semaphore
from typing import Any

import pytest
from pytest_django import Settings

from deliveries import dispatch, sweeper, webhooks
from hub.outbound import Outbound
from hub.tenancy.models import Tenant
from hub.webhooks import claims
from hub.webhooks.models import Webhook, WebhookAttempt
from hub.webhooks.services import create_webhook
from tests.deliveries.test_webhooks import fresh
from tests.support.factories import make_tenant
from tests.support.receiver import Handler, Receiver
from tests.support.webhooks import end_leases, owe_event, post, tries

SOON = 10.0  # seconds: for a busy machine, and less than a call may hang


def test_an_endpoint_that_hangs_holds_up_nobody_else(
    tenant: Tenant, webhook: Webhook, receiver: Receiver, settings: Settings
) -> None:
    """The others' events come while it hangs, and it has its share of calls and no more."""
    settings.HUB = settings.HUB | {"provider_timeout": 25}
    slow = create_webhook(tenant=make_tenant(), url=receiver.url("/slow"), events=["*"])
    hanging, done = Event(), Event()

    def hang(handler: Handler) -> None:
        hanging.set()
        receiver.hang(handler)

    def accept(handler: Handler) -> None:
        handler.answer(204)
        done.set()

    receiver.behaviours = {"/slow": hang, "/": accept}
    for _ in range(50):
        owe_event(slow)
    webhooks.start()
    assert hanging.wait(SOON)
    for _ in range(3):
        done.clear()
        owe_event(webhook)
        webhooks.start()
        assert done.wait(SOON), "it waited for an endpoint that hangs"
    assert len(receiver.at("/slow")) <= 10


def test_names_that_nobody_resolves_hold_up_nobody_else(
    tenant: Tenant, webhook: Webhook, receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More look-ups that hang than asyncio has threads for them."""
    settings.HUB = settings.HUB | {
        "provider_timeout": 25,
        "outbound_exempt": (f"localhost:{receiver.port}",),
    }
    lookup, hanging = socket.getaddrinfo, Semaphore(0)

    def slow(host: Any, *args: Any, **options: Any) -> Any:
        if host == "hangs.example":
            hanging.release()
            receiver.over.wait(30)
        return lookup("localhost" if host == "hangs.example" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    Webhook.objects.update(url=f"http://localhost:{receiver.port}/")
    lost = create_webhook(tenant=make_tenant(), url="https://hangs.example/", events=["*"])
    for _ in range(10):
        owe_event(lost)
    webhooks.start()
    for _ in range(10):
        assert hanging.acquire(timeout=SOON)
    done = Event()
    receiver.act = lambda handler: (handler.answer(204), done.set())
    owe_event(webhook)
    webhooks.start()
    assert done.wait(SOON), "it waited for a name that nobody resolves"


def test_no_endpoint_gets_more_than_its_share_at_once(webhook: Webhook, receiver: Receiver, settings: Settings) -> None:
    settings.HUB = settings.HUB | {"webhook_concurrency": 3}
    receiver.act = receiver.hang
    for _ in range(9):
        owe_event(webhook)
    assert [len(claims.claim(limit=100)), len(claims.claim(limit=100))] == [3, 0]
    assert not claims.is_due()
    Webhook.objects.update(failing_since=webhook.created_at)
    end_leases()
    claims.recover()
    assert [len(claims.claim(limit=100)), len(claims.claim(limit=100))] == [1, 0]


def test_a_worker_that_dies_between_attempt_and_answer_loses_nothing(webhook: Webhook, receiver: Receiver) -> None:
    delivery = owe_event(webhook)
    [lost] = claims.claim(limit=10)
    assert WebhookAttempt.objects.get().status is None
    assert claims.claim(limit=10) == []
    end_leases()
    sweeper.run_step("webhooks")
    assert webhooks.join(30)
    assert (fresh(delivery).state, delivery.attempts, tries(delivery)) == ("delivered", 1, [None, 204])
    assert receiver.got[0].id == str(lost.delivery_id)


def test_a_late_answer_goes_on_record_and_moves_nothing(webhook: Webhook, receiver: Receiver) -> None:
    delivery = owe_event(webhook)
    [late] = claims.claim(limit=10)
    end_leases()
    claims.recover()
    [current] = claims.claim(limit=10)
    assert webhooks.record([answered(late, 500)]) == 0
    assert (fresh(delivery).state, delivery.attempts) == ("claimed", 0)
    assert webhooks.record([answered(current, 200)]) == 1
    assert webhooks.record([answered(current, 500)]) == 0
    assert (fresh(delivery).state, tries(delivery)) == ("delivered", [500, 500])


def answered(post: claims.Post, status: int) -> webhooks.Result:
    return webhooks.Result(post.delivery_id, post.webhook_id, post.fence, status)


def test_nothing_is_claimed_once_the_process_is_to_end(webhook: Webhook, receiver: Receiver) -> None:
    dispatch.stopping.set()
    delivery = owe_event(webhook)
    post()
    assert (fresh(delivery).state, receiver.got) == ("waiting", [])


def test_a_failure_to_claim_leaves_the_rest_to_the_sweeper(
    webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = owe_event(webhook)
    with monkeypatch.context() as patched:
        patched.setattr(Outbound, "__aenter__", None)
        post()
    assert fresh(delivery).state == "waiting"
    sweeper.run_step("webhooks")
    assert webhooks.join(30)
    assert fresh(delivery).state == "delivered"
