"""Everybody, filters, unions and exceptions: each recipient once, page by page along an index."""

from typing import Any

import pytest
from django.db import connection

from hub import presence
from hub.audience.models import Stream, Subscriber
from hub.audience.topics import add_members, upsert_topic
from hub.clock import now
from hub.exceptions import InvalidRequest
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from hub.notifications import fan_out, recipients
from hub.notifications.audience import asked_for, parse_to
from hub.notifications.models import FanOut, Notification
from hub.tenancy.models import Tenant
from tests.support.factories import make_subscriber, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(tenant: Tenant, charlie: Subscriber) -> None:
    """Ann and bea on the plan pro, cem free, dan without a plan, a bare address, and ann and cem in a topic."""
    for name, plan in (("ann", "pro"), ("bea", "pro"), ("cem", "free"), ("dan", None)):
        make_subscriber(tenant, name, attributes={"plan": plan} if plan else {})
    send(tenant, {"email": "bare@example.com"})
    add_members(topic=upsert_topic(tenant=tenant, key="news"), external_ids=["ann", "cem"])
    make_subscriber(charlie.tenant, "foreign", attributes={"plan": "pro"})


def served(tenant: Tenant, to: Any) -> str:
    notification = send(tenant, to)
    fan_out.sweep()
    names = InboxItem.objects.filter(notification=notification).values_list("subscriber__external_id", flat=True)
    assert Notification.objects.get(pk=notification.pk).status == "processed"
    return " ".join(sorted(names))


PRO = {"filter": {"attributes.plan": "pro"}}


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ({"all": True}, "ann bea cem dan"),
        (PRO, "ann bea"),
        ([PRO, {"topic": "news"}, "dan"], "ann bea cem dan"),
        ({"any": [PRO, {"filter": {"attributes.plan": "free"}}]}, "ann bea cem"),
        ({"all": True, "except": ["ann", {"topic": "news"}]}, "bea dan"),
        ({"topic": "news", "except": ["ann"]}, "cem"),
        ({"filter": {"attributes.plan": {"exists": True}}, "except": [PRO]}, "cem"),
        ({"any": ["ann", "bea", "dan", "new"], "except": ["dan", {"topic": "news"}]}, "bea new"),
        ({"any": [{"id": "bea", "name": "B"}, {"topic": "news"}], "except": [PRO]}, "cem"),
        ({"any": ["ann"], "except": ["ann"]}, ""),
        ([{"all": True}, {"email": "bare@example.com"}], "ann bea cem dan mailto:bare@example.com"),
        ([{"phone": "+4930123456"}, {"phone": "+49 (0)30 123-456"}, "ann"], "ann tel:+4930123456"),
    ],
)
def test_reaches(tenant: Tenant, people: None, to: Any, expected: str) -> None:
    assert served(tenant, to) == expected
    assert not Subscriber.objects.filter(external_id="new").exists() or "new" in expected


def test_each_once_in_small_batches(tenant: Tenant, people: None, settings: Any) -> None:
    settings.HUB = {**settings.HUB, "fan_out_batch": 1}
    assert served(tenant, [{"all": True}, PRO, {"topic": "news"}, "ann", "zoe"]) == "ann bea cem dan zoe"
    assert set(Stream.objects.filter(subscriber__tenant=tenant, last_seq__gt=0).values_list("last_seq")) == {(1,)}


def test_a_filter_that_was_cut_goes_on_where_it_stood(
    tenant: Tenant, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HUB = {**settings.HUB, "fan_out_batch": 3}
    for number in range(12):
        make_subscriber(tenant, f"u{number:02}", attributes={"even": number % 2 == 0})
    send(tenant, {"filter": {"attributes.even": True}})
    asked: list[str] = []
    page = recipients.page

    def die_at_the_second(notification: Notification, cursor: str, limit: int) -> Any:
        asked.append(cursor)
        if len(asked) == 2:
            raise RuntimeError("the process dies here")
        return page(notification, cursor, limit)

    monkeypatch.setattr(recipients, "page", die_at_the_second)
    fan_out.sweep()
    assert InboxItem.objects.count() == 3
    FanOut.objects.update(due_at=now())
    fan_out.sweep()
    assert asked[1] == asked[2] == f"0:{Subscriber.objects.get(external_id='u04').pk}"
    assert InboxItem.objects.count() == 6


def test_who_is_connected_comes_first(tenant: Tenant, people: None, settings: Any) -> None:
    settings.HUB = {**settings.HUB, "fan_out_batch": 1}
    bea = Subscriber.objects.get(tenant=tenant, external_id="bea")
    redis = presence.redis_client()
    redis.zadd(presence.EDGES, {"edge": 4_000_000_000})
    everybody = Subscriber.objects.values_list("pk", flat=True)
    redis.sadd(presence.members_key("edge"), *(pk.hex for pk in everybody))
    notification = send(tenant, {"all": True, "except": ["ann"]})
    assert recipients.connected_members(notification, [bea.pk]) == [bea.pk]
    here = recipients.connected_members(notification, everybody)
    assert {Subscriber.objects.get(pk=pk).external_id for pk in here} == {"bea", "cem", "dan"}
    redis.delete(presence.members_key("edge"))
    redis.sadd(presence.members_key("edge"), bea.pk.hex)
    fan_out.sweep()
    first = InboxItem.objects.filter(notification=notification).order_by("created_at", "id").first()
    assert first is not None
    assert first.subscriber_id == bea.pk


def test_many_go_by_the_slow_lane(tenant: Tenant, people: None) -> None:
    for to in ({"all": True}, PRO, ["ann", {"topic": "news"}]):
        notification = send(tenant, to)
        fan_out.sweep()
        assert set(Delivery.objects.filter(notification=notification).values_list("lane", flat=True)) == {"bulk"}


def test_a_page_of_a_filter_is_bounded_and_walks_an_index(tenant: Tenant, django_assert_num_queries: Any) -> None:
    """Two statements a page, the same whoever it lets through; each reads one window along the index, and no more."""
    with connection.cursor() as db:
        db.execute(
            "INSERT INTO hub_subscriber (id, tenant_id, external_id, name, email, phone, locale, timezone, attributes, bare) "
            "SELECT gen_random_uuid(), %s, 'u' || n, '', '', '', '', '', jsonb_build_object('n', n), false "
            "FROM generate_series(1, 20000) AS n",
            [tenant.pk],
        )
        db.execute("ANALYZE hub_subscriber")
    notification = send(tenant, {"filter": {"attributes.n": {"gt": 19_990}}})
    seen, cursor, pages = 0, "", 0
    while cursor or not pages:
        with django_assert_num_queries(2):
            found, cursor = recipients.page(notification, cursor, 200)
        seen, pages = seen + len(found), pages + 1
    assert (seen, pages) == (10, 10)
    plan = _plan(notification, cursor="", limit=200)
    assert plan["Node Type"] in ("Index Scan", "Index Only Scan")
    assert plan["Index Name"] == "hub_subscriber_walk"
    assert plan["Actual Rows"] + plan["Rows Removed by Filter"] == 200 * recipients.WINDOW


def _plan(notification: Notification, *, cursor: str, limit: int) -> Any:
    """How PostgreSQL reads subscribers for a page: the node of the plan that scans them."""
    plans = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "WHERE p.subscriber_id = s.id" in sql:
            with connection.connection.cursor() as db:
                plans.append(db.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params).fetchone()[0])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        recipients.page(notification, cursor, limit)
    node = plans[0][0]["Plan"]
    while node.get("Alias") != "s":
        node = node["Plans"][0]
    return node


@pytest.mark.parametrize(
    ("to", "field"),
    [
        ({"all": False}, "to.all"),
        ({"all": True, "topic": "news"}, "to"),
        ({"filter": {"shoe": 1}}, "to.filter.shoe"),
        (["ann", {"filter": {"attributes.a": {"like": 1}}}], "to.1.filter.attributes.a.like"),
        ({"any": "ann"}, "to.any"),
        ({"any": []}, "to.any"),
        ({"any": [{"any": ["ann"]}]}, "to.any.0.any"),
        ({"any": ["ann"], "except": "bea"}, "to.except"),
        ({"any": ["ann"], "except": [{"all": True}]}, "to.except"),
        ({"any": ["ann"], "except": [{"email": "a@example.com"}]}, "to.except"),
        ({"any": ["ann"], "except": [{"topic": "missing"}]}, "to.except.0.topic"),
        ({"except": ["ann"]}, "to"),
        ({"all": True, "except": [""]}, "to.except.0"),
        ([{"topic": "news"}] * 51, "to"),
    ],
)
def test_bad_audiences_name_their_path(tenant: Tenant, people: None, to: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_to(tenant, to)
    assert [error.field for error in caught.value.errors] == [field]


@pytest.mark.parametrize(
    "to",
    [
        ["ann"],
        ["ann", "bea"],
        {"topic": "news"},
        {"all": True},
        PRO,
        ["ann", {"topic": "news"}],
        {"any": [{"all": True}], "except": ["ann", {"topic": "news"}]},
    ],
)
def test_it_is_shown_as_it_could_be_asked(tenant: Tenant, people: None, to: Any) -> None:
    shown = asked_for(parse_to(tenant, to), 100)
    assert shown == to
    assert parse_to(tenant, shown) == parse_to(tenant, to)
