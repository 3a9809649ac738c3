"""What has not started can be moved or cancelled; what has is left alone, whoever comes first."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from hub.audience.models import Subscriber
from hub.clock import now
from hub.exceptions import Conflict, InvalidRequest, NotFound
from hub.inbox.models import InboxItem
from hub.notifications import fan_out, work
from hub.notifications.models import FanOut, Notification
from hub.notifications.unstarted import cancel, cancel_by_key, reschedule
from hub.tenancy.models import Tenant
from tests.support.factories import send

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def planned(tenant: Tenant, bob: Subscriber) -> Notification:
    return send(tenant, "bob", send_at=now() + HOUR)


def due_of(notification: Notification) -> Any:
    return FanOut.objects.get(notification=notification).due_at


def test_later(tenant: Tenant, planned: Notification) -> None:
    later = now() + 2 * HOUR
    moved = reschedule(tenant=tenant, notification_id=planned.pk, send_at=later, expires_at=later + HOUR)
    assert (moved.status, moved.send_at, moved.expires_at) == ("scheduled", later, later + HOUR)
    assert due_of(planned) == later


@pytest.mark.parametrize("send_at", [None, timedelta(minutes=-1)])
def test_now(tenant: Tenant, planned: Notification, send_at: timedelta | None) -> None:
    moved = reschedule(tenant=tenant, notification_id=planned.pk, send_at=send_at and now() + send_at)
    assert InboxItem.objects.get().notification == moved
    with pytest.raises(Conflict):
        reschedule(tenant=tenant, notification_id=planned.pk, send_at=now() + HOUR)


def test_what_is_not_named_stays(tenant: Tenant, bob: Subscriber) -> None:
    due, end = now() + HOUR, now() + 3 * HOUR
    notification = send(tenant, "bob", send_at=due, expires_at=end)
    assert reschedule(tenant=tenant, notification_id=notification.pk, expires_at=None).send_at == due
    moved = reschedule(tenant=tenant, notification_id=notification.pk, expires_at=end)
    assert (moved.send_at, moved.expires_at) == (due, end)
    with pytest.raises(InvalidRequest, match="expires_at"):
        reschedule(tenant=tenant, notification_id=notification.pk, send_at=end + HOUR)
    assert due_of(notification) == due


def test_what_waits_for_a_worker_can_be_put_off(tenant: Tenant, settings: Any, bob: Subscriber) -> None:
    settings.HUB = {**settings.HUB, "fan_out_inline_limit": 0}
    notification = send(tenant, "bob")
    reschedule(tenant=tenant, notification_id=notification.pk, send_at=now() + HOUR)
    assert fan_out.sweep() == 0
    assert not InboxItem.objects.exists()


def test_what_is_over_stays_so(tenant: Tenant, planned: Notification, charlie: Subscriber) -> None:
    with pytest.raises(NotFound):
        reschedule(tenant=charlie.tenant, notification_id=planned.pk, send_at=None)
    cancel(tenant=tenant, notification_id=planned.pk)
    with pytest.raises(Conflict, match="cancelled"):
        reschedule(tenant=tenant, notification_id=planned.pk, send_at=None)


def on_its_own(call: Callable[[], Any]) -> Any:
    """`call`, in a thread with a connection of its own."""
    try:
        return call()
    finally:
        connection.close()


def until_it_waits(second: Future[Any]) -> None:
    """Until a lock of ours holds it up, or nothing did."""
    with connection.cursor() as db:
        waiting = 0
        while not waiting and not second.done():
            db.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            waiting = db.fetchone()[0]


@pytest.mark.parametrize("change", [partial(reschedule, send_at=None), cancel], ids=["reschedule", "cancel"])
def test_who_comes_second_to_a_batch_finds_it_started(tenant: Tenant, planned: Notification, change: Any) -> None:
    FanOut.objects.update(due_at=now())
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert work.take(planned.pk, FanOut.Operation.DELIVER)
            second = pool.submit(on_its_own, partial(change, tenant=tenant, notification_id=planned.pk))
            until_it_waits(second)
            assert not second.done()
            FanOut.objects.update(started_at=now())
        with pytest.raises(Conflict):
            second.result(timeout=20)


def test_a_batch_that_comes_second_starts_nothing(tenant: Tenant, planned: Notification) -> None:
    FanOut.objects.update(due_at=now())
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        reschedule(tenant=tenant, notification_id=planned.pk, send_at=now() + HOUR)
        assert pool.submit(on_its_own, partial(fan_out.run, planned.pk)).result(timeout=20) == 0
    assert fan_out.run(planned.pk) == 0
    assert not InboxItem.objects.exists()


def test_a_batch_goes_by_the_times_as_they_are_now(tenant: Tenant, planned: Notification) -> None:
    """The worker read the notification before it was changed."""
    read = Notification.objects.select_related("tenant").get(pk=planned.pk)
    end = now() + 5 * HOUR
    reschedule(tenant=tenant, notification_id=planned.pk, expires_at=end)
    FanOut.objects.update(due_at=now())
    assert fan_out.carry_out(read) == 1
    assert InboxItem.objects.get().expires_at == end


def test_by_key_only_what_has_not_started(tenant: Tenant, bob: Subscriber) -> None:
    for send_at in (None, now() + HOUR, now() + 2 * HOUR):
        send(tenant, "bob", cancel_key="k", send_at=send_at)
    assert cancel_by_key(tenant=tenant, cancel_key="k") == 2
    assert InboxItem.objects.count() == 1
