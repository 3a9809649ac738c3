"""What a webhook is owed is written with what it tells, or not at all; who doesn't listen is owed nothing."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import hub
from hub.api.openapi.document import document
from hub.audience.erasure import erase_subscriber
from hub.audience.models import Subscriber
from hub.clock import iso
from hub.content.models import Rendition
from hub.fallback.record import record
from hub.fallback.recovery import recover
from hub.fallback.services import mark_dead
from hub.inbox.models import InboxItem
from hub.inbox.ops import OPS
from hub.inbox.services import mark
from hub.notifications.retract import retract
from hub.notifications.unstarted import cancel, cancel_by_key, reschedule
from hub.tenancy.models import Tenant
from hub.webhooks.catalogue import EVENTS, MARKS, TEST
from hub.webhooks.models import WebhookDelivery
from tests.api import contract
from tests.support.deliveries import answer, expire_leases, owe, take
from tests.support.factories import item_of, make_subscriber, send
from tests.support.webhooks import make_webhook, told

PAGE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"
# tests/callbacks has these
TOLD_BY_PROVIDERS = {
    f"delivery.{kind}" for kind in ("delivered", "failed", "bounced", "complained", "opened", "clicked")
}
ACTIONS = [{"key": "yes", "label": "Yes"}]


def tomorrow() -> Any:
    return timezone.now() + timedelta(days=1)


def change(subscriber: Subscriber, op: str, **fields: Any) -> None:
    mark(subscriber_id=subscriber.pk, request={"op": op, **fields}, origin="test")


def ends(subscriber: Subscriber) -> None:
    """A delivery of theirs is sent, another one dead."""
    for outcome in ("sent", "permanent"):
        owe(subscriber)
        record([answer(work, outcome) for work in take().works])


def test_every_event_of_the_catalogue_happens(tenant: Tenant, alice: Subscriber) -> None:
    webhook = make_webhook(tenant)
    item = item_of(send(tenant, "alice", actions=ACTIONS, tags=["t"]), alice)
    until = tomorrow().isoformat()
    for op in ("seen", "read", "unread", "archive", "unarchive", "unread", "snooze", "unsnooze", "act", "delete"):
        change(alice, op, ids=[str(item.pk)], until=until, action="yes")
    waiting = send(tenant, "alice", send_at=tomorrow())
    reschedule(tenant=tenant, notification_id=waiting.pk, send_at=tomorrow() + timedelta(days=1))
    cancel(tenant=tenant, notification_id=waiting.pk)
    retract(tenant=tenant, notification_id=send(tenant, "alice").pk)
    ends(make_subscriber(tenant, "carol", email="carol@example.com"))
    assert set(told(webhook)) == set(EVENTS) - {TEST} - TOLD_BY_PROVIDERS


def test_what_is_told_is_as_the_document_says(tenant: Tenant, alice: Subscriber) -> None:
    make_webhook(tenant)
    item = item_of(send(tenant, "alice", actions=ACTIONS, expires_at=tomorrow(), cancel_key="c"), alice)
    change(alice, "act", ids=[str(item.pk)], action="yes")
    ends(alice)
    for delivery in WebhookDelivery.objects.all():
        event = {"type": delivery.type, "timestamp": iso(delivery.at), "data": delivery.data}
        assert contract.complaint_of_event(event) is None


def test_the_document_has_every_event_and_no_other() -> None:
    described = document()["webhooks"]
    assert set(described) == set(EVENTS)
    assert {name: described[name]["post"]["summary"] for name in EVENTS} == EVENTS


def test_the_page_has_the_same_catalogue() -> None:
    rows = re.findall(r"^\| `([a-z]+\.[a-z]+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert dict(rows) == EVENTS


def test_deliveries_are_told_when_they_end_and_by_whatever_way(tenant: Tenant, alice: Subscriber) -> None:
    webhook = make_webhook(tenant, "delivery.*")
    again = owe(alice)
    record([answer(work, "transient") for work in take().works])
    assert told(webhook) == []  # it is tried again
    mark_dead(tenant=tenant, delivery_ids=[again.pk])
    lost = owe(alice, unknowns=1)
    take()
    expire_leases()
    recover()
    unsayable = owe(alice)
    InboxItem.objects.filter(pk=unsayable.item_id).update(locale="pt")
    Rendition.objects.create(
        tenant=tenant, notification=unsayable.notification, locale="pt", problems={"": "data.number is missing"}
    )
    assert not take().works
    owed = {row.data["id"]: row for row in WebhookDelivery.objects.all()}
    assert {key: (row.type, row.data["reason"]) for key, row in owed.items()} == {
        str(again.pk): ("delivery.dead", "operator"),
        str(lost.pk): ("delivery.dead", "ambiguous"),
        str(unsayable.pk): ("delivery.dead", "content"),
    }
    assert all("alice@example.com" not in str(row.data) for row in owed.values())


def test_an_item_is_told_as_it_is_after_the_change(tenant: Tenant, alice: Subscriber) -> None:
    make_webhook(tenant, "item.acted")
    notification = send(tenant, "alice", actions=ACTIONS, tags=["a"], group_key="g")
    item = item_of(notification, alice)
    change(alice, "act", ids=[str(item.pk)], action="yes")
    item.refresh_from_db()
    owed = WebhookDelivery.objects.get()
    assert (owed.subscriber, owed.notification, owed.at) == (alice, notification, item.acted_at)
    assert owed.data["seq"] == item.seq == 2
    assert {name: owed.data[name] for name in ("id", "subscriber", "action", "tags", "group_key", "archived_at")} == {
        "id": str(item.pk),
        "subscriber": "alice",
        "action": "yes",
        "tags": ["a"],
        "group_key": "g",
        "archived_at": None,
    }
    assert owed.data["read_at"] == iso(item.read_at)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (["*"], ["item.read", "notification.accepted", "notification.processed"]),
        (["notification.*"], ["notification.accepted", "notification.processed"]),
        (["item.read"], ["item.read"]),
        (["item.re*"], ["item.read"]),
        (["item.seen", "notification.accepted"], ["notification.accepted"]),
        (["item.archived"], []),
    ],
)
def test_a_webhook_is_told_what_it_subscribed_to(
    tenant: Tenant, alice: Subscriber, events: list[str], expected: list[str]
) -> None:
    webhook = make_webhook(tenant, *events)
    change(alice, "read", ids=[str(item_of(send(tenant, "alice"), alice).pk)])
    assert sorted(told(webhook)) == expected


def test_a_mark_of_many_owes_an_event_each_and_one_of_nothing_none(tenant: Tenant, alice: Subscriber) -> None:
    webhook = make_webhook(tenant, "item.*")
    for _ in range(3):
        send(tenant, "alice")
    change(alice, "read", all=True, upto=3)
    change(alice, "read", all=True, upto=3)
    assert told(webhook) == ["item.read"] * 3
    assert {row.data["seq"] for row in WebhookDelivery.objects.all()} == {4}


def test_many_notifications_are_accepted_with_their_events(tenant: Tenant, alice: Subscriber) -> None:
    webhook = make_webhook(tenant, "notification.*")
    one: Any = {"to": "alice", "title": "Hello", "cancel_key": "k", "send_at": tomorrow()}
    hub.notify_many(tenant=tenant, requests=[one] * 3)
    assert cancel_by_key(tenant=tenant, cancel_key="k") == 3
    assert sorted(told(webhook)) == ["notification.accepted"] * 3 + ["notification.cancelled"] * 3
    assert WebhookDelivery.objects.values("notification").distinct().count() == 3


def test_what_rolls_back_is_told_to_nobody(tenant: Tenant, alice: Subscriber) -> None:
    webhook = make_webhook(tenant)
    with transaction.atomic():
        send(tenant, "alice")
        transaction.set_rollback(True)
    assert told(webhook) == []


def test_only_the_tenants_own_webhooks_are_told_and_no_disabled_one(
    tenant: Tenant, alice: Subscriber, charlie: Subscriber
) -> None:
    strangers, disabled = make_webhook(charlie.tenant), make_webhook(tenant)
    disabled.disabled_at = timezone.now()
    disabled.save()
    change(alice, "read", ids=[str(item_of(send(tenant, "alice"), alice).pk)])
    assert told(strangers) == told(disabled) == []


def test_each_webhook_is_owed_its_own(tenant: Tenant, alice: Subscriber) -> None:
    first, second = make_webhook(tenant, "notification.accepted"), make_webhook(tenant)
    send(tenant, "alice", send_at=tomorrow())
    assert told(first) == told(second) == ["notification.accepted"]


def test_words_and_recipients_of_a_notification_are_not_told(tenant: Tenant, alice: Subscriber) -> None:
    make_webhook(tenant)
    send(tenant, ["alice"], title="a secret", body="a secret", data={"secret": 1})
    assert all("secret" not in str(row.data) and "alice" not in str(row.data) for row in WebhookDelivery.objects.all())


def test_without_webhooks_the_hot_paths_ask_nothing_more(tenant: Tenant, alice: Subscriber) -> None:
    """The same number of statements, whether or not anybody listens: what is owed is a part of each."""
    item = item_of(send(tenant, "alice"), alice)

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            notification = send(tenant, "alice")
            change(alice, "read", ids=[str(item_of(notification, alice).pk)])
        return len(captured)

    before = statements()
    make_webhook(tenant)
    assert statements() == before
    assert WebhookDelivery.objects.count() == 3
    assert item


def test_who_is_erased_is_in_no_outbox(tenant: Tenant, alice: Subscriber) -> None:
    webhook = make_webhook(tenant)
    zoe = make_subscriber(tenant, "zoe")
    for_both, for_zoe = send(tenant, ["alice", "zoe"]), send(tenant, "zoe")
    for one in (alice, zoe):
        change(one, "read", ids=[str(item_of(for_both, one).pk)])
    erase_subscriber(tenant=tenant, external_id="zoe")
    left = WebhookDelivery.objects.all()
    assert sorted(told(webhook)) == ["item.read", "notification.accepted", "notification.processed"]
    assert not any("zoe" in str(row.data) or str(for_zoe.pk) in str(row.data) for row in left)


def test_every_mark_has_its_event() -> None:
    assert MARKS.keys() == OPS.keys()
    assert set(MARKS.values()) <= EVENTS.keys()
