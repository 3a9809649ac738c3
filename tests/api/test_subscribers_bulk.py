"""A thousand subscribers in one call: each entry stands for itself, in a handful of statements."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.audience.models import Stream, Subscriber
from hub.tenancy.models import Tenant
from tests.api.client import Api, fields_of, problem_of, rolled_back

pytestmark = rolled_back


def bulk(server: Api, *entries: Any, **headers: str) -> Any:
    answer = server.post("/subscribers/bulk", {"subscribers": list(entries)}, **headers)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_result_each_in_order_and_a_wrong_one_stops_nobody(server: Api, alice: Subscriber) -> None:
    results = bulk(
        server,
        {"id": "new", "name": "New", "attributes": {"plan": "pro"}},
        {"id": "wrong", "email": "nonsense"},
        {"id": "alice", "name": "Al"},
        "not an object",
        {"name": "nobody"},
        {"id": "odd", "shoe": 1},
        {"id": "new", "locale": "de"},
    )
    assert [one["status"] for one in results] == [
        "created",
        "invalid",
        "updated",
        "invalid",
        "invalid",
        "invalid",
        "updated",
    ]
    assert [one["id"] for one in results] == ["new", "wrong", "alice", None, None, "odd", "new"]
    assert [fields_of(one) for one in results if "errors" in one] == [{"email"}, {""}, {"id"}, {"shoe"}]
    new = Subscriber.objects.get(external_id="new")
    assert (new.name, new.locale, new.attributes) == ("New", "de", {"plan": "pro"})
    alice.refresh_from_db()
    assert (alice.name, alice.email) == ("Al", "alice@example.com")
    assert Stream.objects.count() == Subscriber.objects.count() == 2


def test_a_thousand_take_a_few_statements(server: Api, tenant: Tenant) -> None:
    def statements(number: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            bulk(server, *({"id": f"u-{n}", "name": f"N{n}"} for n in range(number)))
        return len(seen)

    few = statements(2)
    assert statements(1_000) <= few
    assert Subscriber.objects.filter(name__startswith="N").count() == 1_000
    assert statements(1_000) <= few


def test_the_same_key_makes_nobody_twice(server: Api, tenant: Tenant) -> None:
    first = bulk(server, {"id": "a", "name": "A"}, {"id": "b", "email": "no"}, Idempotency_Key="k")
    Subscriber.objects.filter(external_id="a").update(name="changed since")
    assert bulk(server, {"id": "a", "name": "A"}, {"id": "b", "email": "no"}, Idempotency_Key="k") == first
    assert Subscriber.objects.get(external_id="a").name == "changed since"


@pytest.mark.parametrize("entries", [None, [], {}, [{"id": "a"}] * 1_001])
def test_the_list_is_bounded(server: Api, entries: Any) -> None:
    answer = server.post("/subscribers/bulk", {"subscribers": entries})
    assert "subscribers" in fields_of(problem_of(answer, 422, "invalid_request"))
    assert not Subscriber.objects.exists()


def test_another_tenants_subscriber_of_the_same_name_is_left_alone(stranger: Api, alice: Subscriber) -> None:
    assert bulk(stranger, {"id": "alice", "name": "Mallory"})[0]["status"] == "created"
    alice.refresh_from_db()
    assert alice.name == "Alice"


def test_attributes_that_grow_too_big_are_refused_and_the_rest_is_done(server: Api, tenant: Tenant) -> None:
    half = "x" * 9_000
    results = bulk(
        server,
        {"id": "a", "attributes": {"one": half}},
        {"id": "a", "name": "kept out", "attributes": {"two": half}},
        {"id": "a", "attributes": {"one": None, "two": half}},
    )
    assert [one["status"] for one in results] == ["created", "invalid", "updated"]
    kept = Subscriber.objects.get(external_id="a")
    assert (kept.name, kept.attributes) == ("", {"two": half})
