"""Who is erased is nowhere in the record, whatever was going on at that moment; others keep what is theirs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from hub.audience.erasure import erase_subscriber
from hub.audience.models import Stream, Subscriber
from hub.audience.services import ensure_subscribers
from hub.clock import now
from hub.content.services import upsert_event_type
from hub.exceptions import NotFound
from hub.fallback.models import Attempt, Delivery
from hub.fallback.record import record
from hub.inbox.models import InboxItem
from hub.inbox.services import mark
from hub.notifications import fan_out
from hub.notifications.models import FanOut, Idempotency, Notification
from hub.notifications.unstarted import cancel
from hub.preferences.services import Change, change_preferences
from hub.tenancy.models import Tenant
from tests.api.client import Api
from tests.api.conftest import server
from tests.support.deliveries import answer, make_due, take
from tests.support.devices import fcm_token
from tests.support.factories import make_subscriber, send

__all__ = ["server"]

WHO = "zoe.marker-1"
MARKERS = {WHO, "zoe.marker", "Zoe Marker", "+4930999888", "marker-attribute", "marker-content", "Europe/Vaduz"}
PROFILE = {
    "name": "Zoe Marker",
    "email": "zoe.marker@example.com",
    "phone": "+4930999888",
    "timezone": "Europe/Vaduz",
    "attributes": {"plan": "marker-attribute"},
}


def holding(*markers: str) -> dict[str, set[str]]:
    """The tables of the whole database with any of these texts in a row, and which."""
    with connection.cursor() as db:
        db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in db.fetchall()]
        found: dict[str, set[str]] = {}
        for table in tables:
            db.execute(
                f"SELECT DISTINCT m FROM {table} t, unnest(%s::text[]) AS m WHERE strpos(to_jsonb(t)::text, m) > 0",
                [list(markers)],
            )
            if rows := db.fetchall():
                found[table] = {row[0] for row in rows}
    return found


def erase(tenant: Tenant) -> None:
    erase_subscriber(tenant=tenant, external_id=WHO)


def test_nothing_of_them_is_left_in_any_table(tenant: Tenant, server: Api, bob: Subscriber) -> None:
    zoe = _a_life(tenant, server)
    markers = {*MARKERS, str(zoe.pk), zoe.pk.hex}
    assert holding(*markers).keys() >= {
        "django_admin_log",
        "hub_chataddress",
        "hub_consent",
        "hub_deliverydestination",
        "hub_device",
        "hub_fanout",
        "hub_idempotency",
        "hub_inboxitem",
        "hub_notification",
        "hub_preference",
        "hub_stream",
        "hub_subscriber",
        "hub_topicmember",
    }
    assert Attempt.objects.exists()
    erase(tenant)
    left = holding(*markers)
    # the admin's log keeps that somebody was changed, under an id that names nobody any more
    assert left.pop("django_admin_log") == {str(zoe.pk)}
    assert left == {}
    assert not Attempt.objects.exists()


def test_others_keep_what_is_theirs(tenant: Tenant, server: Api, bob: Subscriber, charlie: Subscriber) -> None:
    _a_life(tenant, server)
    make_subscriber(charlie.tenant, WHO, **PROFILE)
    send(charlie.tenant, WHO, title="marker-content")
    shared = send(tenant, [WHO, "bob"], title="For both")
    kept = Idempotency.objects.get(key="bobs")
    erase(tenant)
    assert InboxItem.objects.filter(notification=shared).get().subscriber == bob
    shared.refresh_from_db()
    assert shared.audience == {"to": ["bob"]}
    assert Idempotency.objects.filter(pk=kept.pk).exists()
    assert InboxItem.objects.filter(subscriber__external_id=WHO, tenant=charlie.tenant).exists()


def test_a_bare_address_is_erased_by_its_id(tenant: Tenant) -> None:
    longest = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"
    for address in ("zoe.marker@example.com", longest):
        send(tenant, {"email": address})
        bare = Subscriber.objects.get(email=address)
        erase_subscriber(tenant=tenant, external_id=bare.external_id)
        assert holding(address, str(bare.pk)) == {}
    send(tenant, {"phone": "+4930999888"})
    send(tenant, {"phone": "+49 30 999-888"}, send_at=now() + timedelta(hours=1))
    erase_subscriber(tenant=tenant, external_id="tel:+4930999888")
    assert holding("+4930999888") == {}


def test_who_waits_to_be_told_is_not_made_again(tenant: Tenant, bob: Subscriber) -> None:
    make_subscriber(tenant, WHO)
    alone = send(tenant, {"id": WHO, **PROFILE}, send_at=now() + timedelta(hours=1))
    both = send(tenant, ["bob", WHO], send_at=now() + timedelta(hours=1))
    erase(tenant)
    assert not Notification.objects.filter(pk=alone.pk).exists()
    FanOut.objects.update(due_at=now())
    assert fan_out.sweep() == 1
    assert InboxItem.objects.get().notification_id == both.pk
    assert not Subscriber.objects.filter(external_id=WHO).exists()


def test_a_fan_out_that_is_under_way_goes_on_without_them(
    tenant: Tenant, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Erased after the first batch, while the process holds the audience in its memory."""
    settings.HUB = {**settings.HUB, "fan_out_batch": 2, "fan_out_inline_limit": 1}
    make_subscriber(tenant, WHO)
    send(tenant, ["a", "b", "c", "d", WHO])
    told = fan_out._tell
    erased: list[str] = []

    def erase_then_tell(batch: Any) -> None:
        if not erased:
            erase(tenant)
            erased.append(WHO)
        told(batch)

    monkeypatch.setattr(fan_out, "_tell", erase_then_tell)
    fan_out.sweep()
    assert {item.subscriber.external_id for item in InboxItem.objects.all()} == set("abcd")
    assert holding(WHO) == {}


def test_a_late_answer_of_a_provider_changes_nothing(tenant: Tenant) -> None:
    make_subscriber(tenant, WHO, **PROFILE)
    send(tenant, WHO)
    make_due()
    (work,) = take().works
    erase(tenant)
    assert record([answer(work, "sent")]) == 0
    assert not Delivery.objects.exists()


def test_nobody_is_not_found(tenant: Tenant, charlie: Subscriber) -> None:
    with pytest.raises(NotFound):
        erase_subscriber(tenant=tenant, external_id="charlie")
    assert Subscriber.objects.filter(pk=charlie.pk).exists()


def test_whatever_happens_at_once_ends_without_them(tenant: Tenant, bob: Subscriber) -> None:
    """Sends, marks, profiles and erasures of the same two people at once: no deadlock, no row without its owner."""
    people = ["bob", "zoe"]

    def tell(turn: int) -> None:
        send(tenant, [{"id": name, "name": f"N{turn}"} for name in people] if turn % 2 else people)

    def look(turn: int) -> None:
        ids = ensure_subscribers(tenant=tenant, external_ids=people)
        mark(subscriber_id=ids[people[turn % 2]], request={"op": "read", "all": True, "upto": 10_000}, origin="test")

    def forget(turn: int) -> None:
        erase_subscriber(tenant=tenant, external_id=people[turn % 2])

    def run(job: Callable[[int], None], turn: int) -> None:
        try:
            job(turn)
        except NotFound:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(run, job, turn) for turn in range(40) for job in (tell, look, forget)]:
            done.result()
    FanOut.objects.update(due_at=now())
    fan_out.sweep(1000)
    assert not FanOut.objects.filter(done_at=None).exists()
    for subscriber_id in Stream.objects.values_list("subscriber_id", flat=True):
        assert Subscriber.objects.filter(pk=subscriber_id).exists()


def _a_life(tenant: Tenant, server: Api) -> Subscriber:
    """Somebody with a row in every table that can hold one."""
    upsert_event_type(tenant=tenant, key="news", category="news")
    server.put("/subscribers/zoe.marker-1", PROFILE, Idempotency_Key="profile")
    zoe = Subscriber.objects.get(tenant=tenant, external_id=WHO)
    server.post("/subscribers/bulk", {"subscribers": [{"id": WHO}, {"id": "bob"}]}, Idempotency_Key="bulk")
    server.put("/subscribers/bob", {"locale": "de"}, Idempotency_Key="bobs")
    server.put("/topics/news")
    server.put("/topics/news/members", {"subscribers": [WHO, "bob"]})
    change_preferences(subscriber=zoe, changes=[Change("news", "email", False)])
    said = {"title": "marker-content", "body": "Dear Zoe Marker", "data": {"mail": "zoe.marker@example.com"}}
    server.put(
        f"/subscribers/{WHO}/devices/zoe.marker", {"platform": "fcm", "token": fcm_token()}, Idempotency_Key="device"
    )
    slack = {"address": "https://hooks.example.com/zoe.marker"}
    server.put(f"/subscribers/{WHO}/chat/slack", slack, Idempotency_Key="chat")
    consent = {"channel": "sms", "granted": True, "source": "zoe.marker"}
    server.post(f"/subscribers/{WHO}/consents", consent, Idempotency_Key="consent")
    told = server.post("/notifications", {"to": WHO, **said}, Idempotency_Key="send").json()
    send(tenant, {"id": WHO, **PROFILE}, title="marker-content")
    send(tenant, ["bob", {"id": WHO, **PROFILE}])
    make_due()
    works = take().works
    record([answer(work, "sent", provider_message_id=f"m-{work.address}") for work in works])
    cancelled = send(tenant, WHO, title="marker-content", send_at=now() + timedelta(hours=1))
    cancel(tenant=tenant, notification_id=cancelled.pk)
    send(tenant, {"any": [{"all": True}], "except": [WHO]})
    fan_out.sweep()
    waiting = send(tenant, [WHO, "bob"], send_at=now() + timedelta(hours=1))
    FanOut.objects.filter(notification=waiting).update(cursor=WHO, error=f"no {WHO}")
    request = {"op": "read", "ids": [str(_item(told["id"]))], "key": "mark-1"}
    mark(subscriber_id=zoe.pk, request=request, origin="test")
    LogEntry.objects.create(
        user=User.objects.create_user("operator"),
        content_type=ContentType.objects.get_for_model(Subscriber),
        object_id=str(zoe.pk),
        object_repr=WHO,
        action_flag=2,
    )
    return zoe


def _item(notification_id: str) -> UUID:
    return InboxItem.objects.get(notification_id=notification_id).pk
