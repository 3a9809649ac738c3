"""Each recipient gets exactly one item, in order, whatever is interrupted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext

from hub import presence
from hub.audience.models import Stream, Subscriber, Topic
from hub.audience.topics import add_members
from hub.clock import now
from hub.exceptions import Conflict, Forbidden, InvalidRequest
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from hub.notifications import fan_out
from hub.notifications.models import FanOut, Notification
from hub.notifications.unstarted import cancel, cancel_by_key
from hub.tenancy.models import Tenant
from tests.support.factories import counts, item_of, make_subscriber, recount, send

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_recipient_named_twice_gets_one_item(tenant: Tenant, bob: Subscriber) -> None:
    notification = send(tenant, ["bob", "bob", {"id": "bob"}])
    assert InboxItem.objects.filter(notification=notification).count() == 1
    assert counts(bob.id) == recount(bob.id) == (1, 1)


def test_a_plain_notification_asks_nothing_of_what_it_does_not_use(tenant: Tenant, bob: Subscriber) -> None:
    with CaptureQueriesContext(connection) as queries:
        send(tenant, "bob")
    asked = "".join(query["sql"] for query in queries)
    assert len(queries) == 6, asked
    assert [name for name in ("eventtype", "template", "rendition", "chataddress") if f"hub_{name}" in asked] == []
    assert asked.count("hub_webhookdelivery") == 1  # as it is accepted; not as it is carried out


def test_an_unknown_subscriber_is_made_on_first_use(tenant: Tenant) -> None:
    send(tenant, "newcomer")
    newcomer = Subscriber.objects.get(tenant=tenant, external_id="newcomer")
    assert Stream.objects.get(subscriber=newcomer).last_seq == 1


def test_a_rollback_takes_the_notification_with_it(tenant: Tenant, bob: Subscriber) -> None:
    def business() -> None:
        with transaction.atomic():
            send(tenant, "bob")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        business()
    assert not Notification.objects.exists()
    assert counts(bob.id) == (0, 0)


def test_nothing_is_told_before_the_commit(tenant: Tenant, bob: Subscriber) -> None:
    with transaction.atomic():
        notification = send(tenant, "bob")
        assert not InboxItem.objects.exists()
    assert item_of(notification, bob).seq == 1


def test_only_what_was_fanned_out_is_logged(tenant: Tenant, bob: Subscriber, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="hub.notifications"):
        notification = send(tenant, "bob")
        assert fan_out.carry_out(notification) == 0
    assert [record.message for record in caplog.records] == ["fanned out"]


def test_a_big_audience_is_served_in_batches_once_each(tenant: Tenant, settings: Any) -> None:
    settings.HUB = {**settings.HUB, "fan_out_batch": 7, "fan_out_inline_limit": 5}
    notification = send(tenant, [f"user-{n:03}" for n in range(40)])
    assert not InboxItem.objects.exists()
    assert fan_out.sweep() == 1
    assert InboxItem.objects.filter(notification=notification).count() == 40
    assert set(Stream.objects.values_list("last_seq", flat=True)) == {1}
    notification.refresh_from_db()
    assert (notification.status, notification.recipients) == ("processed", 40)
    assert fan_out.sweep() == 0


def test_a_fan_out_that_was_cut_goes_on_where_it_stood(
    tenant: Tenant, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HUB = {**settings.HUB, "fan_out_batch": 10, "fan_out_inline_limit": 5}
    notification = send(tenant, [f"user-{n:03}" for n in range(30)])
    told = fan_out._tell
    calls: list[int] = []

    def die_at_the_second(batch: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the process dies here")
        told(batch)

    monkeypatch.setattr(fan_out, "_tell", die_at_the_second)
    fan_out.run(notification.id)
    assert InboxItem.objects.count() == 20
    work = FanOut.objects.get(notification=notification)
    assert (work.failures, work.cursor) == (1, "0:user-019")
    FanOut.objects.update(due_at=now())
    assert fan_out.sweep() == 1
    assert InboxItem.objects.count() == 30
    assert set(Stream.objects.values_list("last_seq", flat=True)) == {1}


def test_those_who_are_connected_come_first(tenant: Tenant, settings: Any) -> None:
    settings.HUB = {**settings.HUB, "fan_out_batch": 5, "fan_out_inline_limit": 1}
    people = [make_subscriber(tenant, f"user-{n:03}") for n in range(20)]
    redis = presence.redis_client()
    redis.zadd(presence.EDGES, {"edge": 4_000_000_000})
    redis.sadd(presence.members_key("edge"), people[17].id.hex)
    notification = send(tenant, [person.external_id for person in people])
    fan_out.sweep()
    first = InboxItem.objects.filter(notification=notification).order_by("created_at", "id").first()
    assert first is not None
    assert first.subscriber_id == people[17].id
    assert InboxItem.objects.count() == 20


def test_a_topic_reaches_its_members_and_no_stranger(tenant: Tenant, alice: Subscriber, charlie: Subscriber) -> None:
    topic = Topic.objects.create(tenant=tenant, key="releases")
    add_members(topic=topic, external_ids=["alice"])
    send(tenant, {"topic": "releases"})
    assert fan_out.sweep() == 1
    assert InboxItem.objects.values_list("subscriber_id", flat=True).get() == alice.id


def test_a_bare_address_is_owed_an_email_and_has_no_inbox(tenant: Tenant) -> None:
    send(tenant, {"email": "someone@example.com"})
    item = InboxItem.objects.get()
    assert (item.hidden_reason, item.seq) == ("bare_recipient", None)
    assert Delivery.objects.get(channel="email").state == "waiting"


def test_who_is_away_without_a_device_is_mailed_at_once(tenant: Tenant, bob: Subscriber) -> None:
    send(tenant, "bob")
    push, email = Delivery.objects.order_by("step")
    assert (push.state, push.reason) == ("skipped", "no_destination")
    assert email.state == "waiting"
    assert email.due_at <= now()


def test_what_lies_ahead_waits_and_can_be_cancelled(tenant: Tenant, bob: Subscriber) -> None:
    notification = send(tenant, "bob", send_at=now() + timedelta(hours=1), cancel_key="k")
    assert notification.status == "scheduled"
    assert fan_out.sweep() == 0
    assert cancel_by_key(tenant=tenant, cancel_key="k") == 1
    FanOut.objects.update(due_at=now())
    assert fan_out.sweep() == 0
    assert not InboxItem.objects.exists()
    assert cancel(tenant=tenant, notification_id=notification.id).status == "cancelled"


def test_what_was_sent_can_not_be_cancelled(tenant: Tenant, bob: Subscriber) -> None:
    notification = send(tenant, "bob")
    with pytest.raises(Conflict):
        cancel(tenant=tenant, notification_id=notification.id)


def test_a_scheduled_notification_goes_out_when_due(tenant: Tenant, bob: Subscriber) -> None:
    send(tenant, "bob", send_at=now() + timedelta(hours=1))
    FanOut.objects.update(due_at=now())
    assert fan_out.sweep() == 1
    assert counts(bob.id) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"to": []}, "to"),
        ({"to": [""]}, "to.0"),
        ({"to": {"email": "nobody"}}, "to.email"),
        ({"to": {"phone": "030123456"}}, "to.phone"),
        ({"to": {"phone": ""}}, "to"),
        ({"to": {"email": "a@example.com", "phone": "+4930123456"}}, "to"),
        ({"to": {"topic": "missing"}}, "to.topic"),
        ({"to": ["a", {"id": "b", "shoe": 1}]}, "to.1.shoe"),
        ({"event": "missing"}, "event"),
        ({"priority": "urgent"}, "priority"),
        ({"tags": ["", "x"]}, "tags"),
        ({"action_url": "javascript:alert(1)"}, "action_url"),
    ],
)
def test_bad_input_names_its_field_and_leaves_nothing(tenant: Tenant, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        send(tenant, **({"to": "bob"} | fields))
    assert field in [error.field for error in caught.value.errors]
    assert not Notification.objects.exists()


def test_a_suspended_tenant_is_refused(tenant: Tenant) -> None:
    tenant.status = Tenant.Status.SUSPENDED
    with pytest.raises(Forbidden):
        send(tenant, "bob")


def _in_threads(jobs: Iterator[Any] | list[Any], workers: int = 8) -> None:
    def run(job: Any) -> None:
        try:
            job()
        finally:
            close_old_connections()
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(run, job) for job in jobs]:
            future.result()


def test_opposite_orders_neither_deadlock_nor_leave_a_hole(tenant: Tenant) -> None:
    """Two transactions that notify the same two users in opposite orders, 500 times at once."""

    def both(first: str, second: str) -> None:
        with transaction.atomic():
            send(tenant, first)
            send(tenant, second)

    orders = [("alice", "bob"), ("bob", "alice")]
    _in_threads([lambda o=orders[n % 2]: both(*o) for n in range(500)])
    fan_out.sweep(1000)
    for who in ("alice", "bob"):
        subscriber = Subscriber.objects.get(external_id=who)
        seqs = sorted(InboxItem.objects.filter(subscriber=subscriber).values_list("seq", flat=True))
        assert seqs == list(range(1, 501))
        assert counts(subscriber.id) == (500, 500)
    assert not FanOut.objects.exclude(error="").exists()


def test_two_workers_at_one_fan_out_serve_everybody_once(tenant: Tenant, settings: Any) -> None:
    settings.HUB = {**settings.HUB, "fan_out_batch": 10, "fan_out_inline_limit": 1}
    notification = send(tenant, [f"user-{n:03}" for n in range(200)])
    _in_threads([lambda: fan_out.run(notification.id)] * 4, workers=4)
    fan_out.sweep()
    assert InboxItem.objects.filter(notification=notification).count() == 200
    assert set(Stream.objects.values_list("last_seq", flat=True)) == {1}
