"""Many notifications in one call: a result each, in order; one that is wrong holds up no other."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

import hub
from hub.audience.models import Subscriber
from hub.exceptions import Forbidden, InvalidRequest
from hub.inbox.models import InboxItem
from hub.notifications import fan_out, services
from hub.notifications.models import FanOut, Notification
from hub.tenancy.models import Tenant
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back

pytestmark = rolled_back


def many(*requests: Any) -> dict[str, Any]:
    return {"notifications": list(requests)}


def to(*names: str) -> list[dict[str, Any]]:
    return [{"to": name, "title": f"For {name}"} for name in names]


@commits
def test_each_gets_its_result_in_order(server: Api, alice: Subscriber, bob: Subscriber) -> None:
    first, last = to("alice", "bob")
    answer = server.post("/notifications/bulk", many(first, {"to": "alice"}, {"colour": 1}, 7, last))
    assert answer.status_code == 202
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [202, 422, 422, 422, 202]
    assert [results[n]["notification"]["title"] for n in (0, 4)] == ["For alice", "For bob"]
    assert [fields_of(results[n]["problem"]) for n in (1, 2, 3)] == [{"title"}, {"to", "colour"}, {"notifications"}]
    assert results[1]["problem"]["type"] == "urn:hub:problem:invalid_request"
    assert [item.subscriber for item in InboxItem.objects.order_by("created_at")] == [alice, bob]


def test_as_few_queries_for_many_as_for_one(server: Api) -> None:
    server.put("/event-types/order.new", {"template": {"title": "Order"}})
    server.put("/templates/short", {"title": "Short", "publish": True})
    requests = [{"to": f"u{n}", "event": "order.new"} for n in range(50)]
    requests += [{"to": f"u{n}", "template": "short"} for n in range(50)]
    with CaptureQueriesContext(connection) as queries:
        results = server.post("/notifications/bulk", many(*requests)).json()["results"]
    assert {result["status"] for result in results} == {202}
    assert [result["notification"]["title"] for result in results] == ["Order"] * 50 + ["Short"] * 50
    # the key, the event types, the templates, and one insert
    assert len(queries) <= 5, [query["sql"][:80] for query in queries]
    assert FanOut.objects.count() == Notification.objects.count() == 100


@commits
def test_few_are_served_at_once_and_many_by_a_worker(server: Api, settings: Any, alice: Subscriber) -> None:
    settings.HUB = {**settings.HUB, "fan_out_inline_limit": 3}
    server.post("/notifications/bulk", many(*to("alice", "alice", "alice")))
    assert InboxItem.objects.count() == 3
    server.post("/notifications/bulk", many(*to("alice", "alice", "alice", "alice")))
    assert InboxItem.objects.count() == 3
    assert fan_out.sweep() == 4
    assert InboxItem.objects.count() == 7


@commits
def test_what_a_worker_serves_keeps_its_order(server: Api, settings: Any, alice: Subscriber) -> None:
    settings.HUB = {**settings.HUB, "fan_out_inline_limit": 3}
    names = [f"n{number}" for number in range(8)]
    server.post("/notifications/bulk", many(*({"to": "alice", "title": name} for name in names)))
    fan_out.sweep()
    items = InboxItem.objects.order_by("seq").select_related("notification")
    assert [item.notification.content["title"] for item in items] == names


@commits
def test_what_lies_ahead_waits(server: Api, alice: Subscriber) -> None:
    later = {"to": "alice", "title": "Later", "send_at": "2999-01-01T00:00:00Z"}
    results = server.post("/notifications/bulk", many(*to("alice"), later)).json()["results"]
    assert [result["status"] for result in results] == [202, 422]
    assert fields_of(results[1]["problem"]) == {"send_at"}


@commits
def test_a_repeat_with_its_key_happens_once(server: Api, alice: Subscriber) -> None:
    body = many(*to("alice"), {"to": "alice"})
    first = server.post("/notifications/bulk", body, Idempotency_Key="k")
    again = server.post("/notifications/bulk", body, Idempotency_Key="k")
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert InboxItem.objects.count() == 1
    problem_of(server.post("/notifications/bulk", many(), Idempotency_Key="k"), 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "body",
    [{}, {"notifications": None}, {"notifications": "x"}, {"notifications": {}}, many(*[{}] * 1001)],
    ids=["absent", "null", "text", "object", "too many"],
)
def test_names_the_list_that_is_wrong(server: Api, body: dict[str, Any]) -> None:
    assert fields_of(problem_of(server.post("/notifications/bulk", body), 422, "invalid_request")) == {"notifications"}


def test_an_empty_list_is_nothing_to_do(server: Api) -> None:
    assert server.post("/notifications/bulk", many()).json() == {"results": []}


def test_knows_no_strangers_templates(server: Api, stranger: Api) -> None:
    server.put("/templates/ours", {"title": "Ours", "publish": True})
    results = stranger.post("/notifications/bulk", many({"to": "charlie", "template": "ours"})).json()["results"]
    assert fields_of(results[0]["problem"]) == {"template"}


@commits
def test_code_accepts_many_with_its_business_change(tenant: Tenant, alice: Subscriber) -> None:
    with transaction.atomic():
        accepted, refused = hub.notify_many(tenant=tenant, requests=[{"to": "alice", "title": "x"}, {"to": "alice"}])
        assert not InboxItem.objects.exists()
    assert InboxItem.objects.get().notification == accepted
    assert isinstance(refused, InvalidRequest)
    with pytest.raises(TypeError, match="colour"):
        hub.notify_many(tenant=tenant, requests=[{"to": "alice", "colour": "red"}])  # type: ignore[typeddict-unknown-key]
    tenant.status = Tenant.Status.SUSPENDED
    with pytest.raises(Forbidden):
        services.notify_many(tenant=tenant, requests=[{"to": "alice", "title": "x"}])
