"""Promise: the tasks keep their names and queues, a burst of hints is one task, and each hint after a look is heard."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import current_app
from django.db import transaction

from deliveries import tasks, webhooks
from deliveries.queues import queues
from deliveries.sweeper import SWEEP
from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.presence import redis_client
from hub.wake import DISPATCH, FAN_OUT, WEBHOOKS, WEBHOOKS_QUEUE, pending_key, wake, wake_fan_out
from hub.webhooks.models import Webhook, WebhookDelivery
from project.celery import app
from tests.deliveries.smtp_server import MailServer
from tests.support.deliveries import owe
from tests.support.factories import send
from tests.support.queues import arrives, hints_are_sent, queued
from tests.support.webhooks import make_webhook


def test_names() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    named = {"deliveries.dispatch", "deliveries.fan_out", "deliveries.webhooks", "deliveries.sweep"}
    assert ours == named == {DISPATCH, FAN_OUT, WEBHOOKS, SWEEP}


def test_each_channel_has_a_queue_a_lane_urgent_ones_first() -> None:
    assert [queue.name for queue in queues()] == [
        *("hub.high", "push.high", "email.high", "sms.high", "chat.high"),
        *("hub.bulk", "push.bulk", "email.bulk", "sms.bulk", "chat.bulk"),
        "hub.webhooks",
        "hub.sweep",
    ]


def test_what_celery_is_told() -> None:
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None
    assert app.conf.broker_connection_max_retries is None
    assert not app.conf.task_create_missing_queues
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= entry["schedule"]


def test_hints_go_through_the_projects_application_in_every_thread() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: current_app.main).result() == app.main == "hub"


def test_a_burst_of_hints_is_one_task_until_somebody_looks(alice: Subscriber, mail: MailServer) -> None:
    owe(alice)
    for _ in range(5):
        wake("email", "high")
    hints_are_sent()
    assert queued("email.high") == 1
    tasks.dispatch_lane("email", "high")
    assert Delivery.objects.get().state == "sent"
    assert not redis_client().exists(pending_key("email.high"))
    wake("email", "high")
    arrives("email.high", 2)


@pytest.mark.usefixtures("transactional_db")
def test_fan_outs_have_hints_of_their_own() -> None:
    wake_fan_out("bulk")
    arrives("hub.bulk", 1)
    tasks.fan_out_lane("bulk")
    assert not redis_client().exists(pending_key("hub.bulk"))


def test_what_a_webhook_is_owed_is_hinted_at_once_it_is_committed(alice: Subscriber) -> None:
    send(alice.tenant, "alice")
    assert not redis_client().exists(pending_key(WEBHOOKS_QUEUE))  # nobody listens
    Webhook.objects.filter(pk=make_webhook(alice.tenant).pk).update(url="")
    with transaction.atomic():
        send(alice.tenant, "alice")
        assert not redis_client().exists(pending_key(WEBHOOKS_QUEUE))
    hints_are_sent()  # each of the two events of an item has one
    assert queued(WEBHOOKS_QUEUE) == 1
    tasks.post_webhooks()
    assert webhooks.join(30)
    assert not redis_client().exists(pending_key(WEBHOOKS_QUEUE))
    assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {("waiting", 1)}


def test_a_run_that_ends_before_the_lane_is_dry_wakes_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda channel, lane: True)
    tasks.dispatch_lane("email", "bulk")
    arrives("email.bulk", 1)
