"""Any filter gives what a plain filter gives, page by page, and reads an index, not the table."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.audience.models import Subscriber
from hub.fallback.lists import Wanted, dead_groups, delivery_ids
from hub.fallback.models import Delivery
from hub.ids import first_id, uuid7
from tests.support.deliveries import make_item, owe

KINDS = [("sent", ""), ("dead", "permanent"), ("dead", "ambiguous"), ("cancelled", "read"), ("waiting", "")]


@pytest.fixture
def deliveries(alice: Subscriber, bob: Subscriber, charlie: Subscriber) -> list[Delivery]:
    """Of three people, one of them a stranger; two notifications with several deliveries each."""
    made = [
        owe(who, state=state, reason=reason, channel=channel)
        for who, channel, (state, reason) in product([alice, bob, charlie], ["email", "sms"], KINDS)
    ]
    item = make_item(bob)
    return [*made, *(owe(bob, item, channel=channel) for channel in ("email", "sms", "push"))]


CASES: list[dict[str, Any]] = [
    {},
    {"channel": "email"},
    {"state": "dead"},
    {"reason": "read"},
    {"channel": "sms", "state": "dead", "reason": "ambiguous"},
    {"subscriber": "bob"},
    {"subscriber": "bob", "state": "waiting", "channel": "push"},
    {"subscriber": "charlie"},
    {"subscriber": "nobody"},
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_as_a_plain_filter_and_in_pages(alice: Subscriber, deliveries: list[Delivery], case: Any) -> None:
    plain = {("subscriber__external_id" if name == "subscriber" else name): value for name, value in case.items()}
    expected = list(Delivery.objects.filter(tenant=alice.tenant, **plain).order_by("-pk").values_list("pk", flat=True))
    wanted, found = Wanted(**case), []
    while page := delivery_ids(tenant=alice.tenant, wanted=wanted, limit=3, after=found[-1] if found else None):
        found += page
    assert found == expected


def test_of_one_notification_of_the_tenant(alice: Subscriber, charlie: Subscriber, deliveries: list[Delivery]) -> None:
    notification = deliveries[-1].notification_id
    wanted = Wanted(notification=notification)
    assert delivery_ids(tenant=alice.tenant, wanted=wanted, limit=9) == [row.pk for row in reversed(deliveries[-3:])]
    email = Wanted(notification=notification, channel="email", subscriber="bob")
    assert delivery_ids(tenant=alice.tenant, wanted=email, limit=9) == [deliveries[-3].pk]
    assert delivery_ids(tenant=charlie.tenant, wanted=wanted, limit=9) == []


def test_between_two_instants(alice: Subscriber) -> None:
    days = [datetime(2026, 5, day, tzinfo=UTC) for day in (1, 2, 3)]
    for day in days:
        made = owe(alice, id=first_id(day))
        Delivery.objects.filter(pk=made.pk).update(created_at=day)
    wanted = Wanted(since=days[1], until=days[2])
    assert delivery_ids(tenant=alice.tenant, wanted=wanted, limit=9) == [first_id(days[1])]


def test_dead_letters_by_kind(alice: Subscriber, deliveries: list[Delivery]) -> None:
    assert set(dead_groups(tenant=alice.tenant)) == {
        (channel, reason, 2) for channel in ("email", "sms") for reason in ("permanent", "ambiguous")
    }


@pytest.mark.parametrize(
    "case",
    [*CASES[:-2], {"notification": uuid7()}, {"notification": uuid7(), "state": "dead"}, {"since": datetime.now(UTC)}],
    ids=",".join,
)
def test_no_filter_reads_the_whole_table(alice: Subscriber, case: Any) -> None:
    with connection.cursor() as db:
        # a table that is worth an index
        item = make_item(alice)
        db.execute(
            "INSERT INTO hub_delivery (id, tenant_id, notification_id, item_id, subscriber_id, channel, lane, step,"
            " generation, state, reason, due_at, after, absent, cancel_level, attempts, unknowns, fence, postponed)"
            " SELECT gen_random_uuid(), %s, %s, %s, %s, 'email', 'high', 0, n, 'sent', '', now(), 0, true, 2, 0, 0, 0,"
            " false FROM generate_series(0, 20000) n",
            [alice.tenant_id, item.notification_id, item.pk, alice.pk],
        )
        db.execute("ANALYZE hub_delivery")
        with CaptureQueriesContext(connection) as queries:
            delivery_ids(tenant=alice.tenant, wanted=Wanted(**case), limit=31)
        db.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(row[0] for row in db.fetchall())
    assert "Seq Scan on hub_delivery" not in plan


def test_an_id_is_as_old_as_its_instant() -> None:
    before, made = datetime.now(UTC) - timedelta(seconds=1), uuid7()
    assert first_id(before) < made < first_id(before + timedelta(seconds=60))
