"""Promise: what nobody was told of is found in the record, by any number of sweeps at once; no failure stops them."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from deliveries import dispatch, sweeper, withdrawals
from deliveries.worker import Ticker
from hub.audience.models import Stream, Subscriber
from hub.callbacks.models import Callback
from hub.devices.models import Device
from hub.fallback.models import Delivery, Withdrawal
from hub.inbox.models import InboxItem
from hub.notifications.models import FanOut, Idempotency, Notification
from hub.webhooks.models import Webhook
from tests.deliveries.smtp_server import MailServer
from tests.support.deliveries import CONTENT, expire_leases, owe, take
from tests.support.devices import make_device
from tests.support.factories import item_of, send
from tests.support.waiting import wait_until
from tests.support.webhooks import make_webhook, owe_event

AGO = datetime(2024, 1, 1, tzinfo=UTC)


def accept(subscriber: Subscriber) -> Notification:
    """A notification whose process died right after the commit."""
    notification = Notification.objects.create(
        tenant=subscriber.tenant,
        event="message",
        category="general",
        audience={"to": [subscriber.external_id]},
        content=CONTENT,
        creator="code",
    )
    FanOut.objects.create(tenant=subscriber.tenant, notification=notification, due_at=AGO)
    return notification


def keep(subscriber: Subscriber, key: str, expires_at: datetime) -> None:
    Idempotency.objects.create(
        tenant=subscriber.tenant, principal="p", key=key, body_hash="", status=200, expires_at=expires_at
    )


def heard(digest: str, **fields: Any) -> None:
    """A provider's call that was kept."""
    row = Callback.objects.create(account="gone", label="django:gone", digest=digest, call={})
    Callback.objects.filter(pk=row.pk).update(**fields)


def test_everything_that_was_left_lying(alice: Subscriber, mail: MailServer) -> None:
    lost = owe(alice)
    take()
    expire_leases()
    snoozed, expired = item_of(send(alice.tenant, "alice"), alice), item_of(send(alice.tenant, "alice"), alice)
    InboxItem.objects.filter(id=snoozed.id).update(snoozed_until=AGO)
    Stream.objects.filter(subscriber=alice).update(unread=1, unseen=1)
    InboxItem.objects.filter(id=expired.id).update(expires_at=AGO)
    unfinished = accept(alice)
    withdrawn = item_of(send(alice.tenant, "alice"), alice)
    FanOut.objects.create(tenant=alice.tenant, notification=withdrawn.notification, operation="retract", due_at=AGO)
    due = owe(alice)
    hook = make_webhook(alice.tenant)
    Webhook.objects.update(disabled_at=AGO)
    owe_event(hook, state="claimed", lease_until=AGO)
    owe_event(hook, state="delivered", finished_at=AGO - timedelta(days=31))
    Device.objects.filter(pk=make_device(alice).pk).update(refreshed_at=AGO - timedelta(days=271))
    heard("of an account that is gone")
    heard("long ago", due_at=None, received_at=AGO - timedelta(days=8))
    Withdrawal.objects.create(tenant=alice.tenant, subscriber=alice, item=snoozed, noted_at=AGO)
    keep(alice, "old", AGO)
    keep(alice, "new", datetime.now(UTC) + timedelta(hours=1))

    found = sweeper.sweep()
    assert dispatch.join(30)
    assert withdrawals.join(30)

    assert found == {
        "fan_outs": 1,
        "retractions": 1,
        "leases": 1,
        "lanes": 1,
        "withdrawals": 1,
        "snoozes": 1,
        "expiry": 1,
        "devices": 1,
        "callbacks": 1,
        "callback_history": 1,
        "idempotency": 1,
        "webhooks": 2,  # a lost call, then given up
        "webhook_history": 1,
    }
    assert item_of(unfinished, alice).visible
    lost.refresh_from_db()
    due.refresh_from_db()
    assert (lost.state, lost.unknowns, due.state) == ("waiting", 1, "sent")
    snoozed.refresh_from_db()
    expired.refresh_from_db()
    assert snoozed.snoozed_until is None
    assert expired.expired_at is not None
    assert list(Idempotency.objects.values_list("key", flat=True)) == ["new"]
    assert set(sweeper.sweep().values()) == {0}


def test_sweeps_at_the_same_time_do_everything_once(alice: Subscriber, mail: MailServer) -> None:
    for _ in range(20):
        owe(alice)
        accept(alice)
    errors: list[BaseException] = []

    def run_all() -> None:
        try:
            for name in sweeper.STEPS:
                assert sweeper.run_step(name) >= 0
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dispatch.join(30)
    assert not errors
    assert len(mail.received) == 20
    assert InboxItem.objects.filter(subscriber=alice, seq__isnull=False, notification__status="processed").count() == 20


def test_one_step_that_fails_keeps_no_other_from_running(alice: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise RuntimeError("a bug")

    monkeypatch.setitem(sweeper.STEPS, "fan_outs", fail)
    keep(alice, "old", AGO)
    found = sweeper.sweep()
    assert (found["fan_outs"], found["idempotency"]) == (-1, 1)


def test_a_ticker_mails_without_any_hint_survives_failures_and_stops(
    alice: Subscriber, mail: MailServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[int] = []

    def fail() -> int:
        failures.append(1)
        raise RuntimeError("a bug")

    settings.HUB = settings.HUB | {"sweep_interval": 0.1}
    monkeypatch.setitem(sweeper.STEPS, "expiry", fail)
    monkeypatch.setattr("deliveries.worker.PAUSE_AFTER_FAILURE", 0.05)
    ticker = Ticker()
    ticker.start()
    try:
        owe(alice)
        wait_until(lambda: mail.received)
        owe(alice)
        wait_until(lambda: len(mail.received) == 2)
        wait_until(lambda: len(failures) > 2)
    finally:
        ticker.ask_to_stop()
        ticker.join(30)
        assert dispatch.join(30)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sweep-")]
    assert Delivery.objects.filter(state="sent").count() == 2
