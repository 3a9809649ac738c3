"""What a tenant's server can take of one subscriber: everything, and what their inbox shows."""

from typing import Any

import pytest

from hub.audience.models import Subscriber
from hub.content.templates import replace_template
from hub.content.versions import publish
from hub.fallback.record import record
from hub.inbox.models import InboxItem
from hub.preferences.services import Change, change_preferences
from hub.tenancy.models import Tenant
from tests.api.client import Api, commits, problem_of
from tests.support.deliveries import answer, make_due, take
from tests.support.factories import make_subscriber, send

pytestmark = commits


def test_everything_about_one_and_nothing_of_others(server: Api, alice: Subscriber, bob: Subscriber) -> None:
    server.patch("/subscribers/alice", {"attributes": {"plan": "pro"}})
    server.put("/topics/news", {"name": "News"})
    server.put("/topics/news/members", {"subscribers": ["alice", "bob"]})
    change_preferences(subscriber=alice, changes=[Change("message", "in_app", True)])
    send(alice.tenant, ["alice", "bob"], title="For both", data={"order": 17})
    send(alice.tenant, "bob", title="Not hers")
    make_due()
    record([answer(work, "sent", provider_message_id="m-1") for work in take().works])
    document = server.get("/subscribers/alice/export").json()
    assert document["subscriber"]["id"] == "alice"
    assert document["subscriber"]["attributes"] == {"plan": "pro"}
    assert document["topics"] == [{"key": "news", "name": "News"}]
    (choice,) = document["preferences"]
    assert (choice["category"], choice["channel"], choice["enabled"]) == ("message", "in_app", True)
    (item,) = document["items"]
    assert (item["notification"]["title"], item["notification"]["data"]) == ("For both", {"order": 17})
    mailed = next(one for one in item["deliveries"] if one["channel"] == "email")
    assert mailed["state"] == "sent"
    (destination,) = mailed["destinations"]
    assert destination["address"] == "alice@example.com"
    assert destination["attempts"][0]["outcome"] == "sent"
    assert document["next"] is None
    assert "bob" not in str(document)


def test_page_by_page_each_item_once_hidden_ones_too(server: Api, alice: Subscriber, settings: Any) -> None:
    for number in range(4):
        send(alice.tenant, "alice", title=f"N{number}")
    change_preferences(subscriber=alice, changes=[Change("message", "in_app", False)])
    for number in range(4, 7):
        send(alice.tenant, "alice", title=f"N{number}")
    titles, cursor, pages = [], "", 0
    while cursor is not None:
        page = server.get(f"/subscribers/alice/export?limit=2&cursor={cursor}").json()
        assert ("subscriber" in page) == (pages == 0)
        titles += [item["notification"]["title"] for item in page["items"]]
        cursor, pages = page["next"], pages + 1
        assert pages < 10
    assert titles == [f"N{number}" for number in range(7)]
    assert InboxItem.objects.exclude(hidden_reason="").count() == 3


def test_what_an_item_says_is_in_the_language_of_its_reader(
    server: Api, tenant: Tenant, django_assert_max_num_queries: Any
) -> None:
    words = {"pt": {"title": "Pedido {{ data.number }}"}, "de": {"title": "Bestellung {{ data.missing }}"}}
    replace_template(tenant=tenant, key="order", title="Order {{ data.number }}", locales=words)
    publish(tenant=tenant, key="order", creator="code")
    people = [make_subscriber(tenant, f"in-{locale}", locale=locale) for locale in ("pt", "de", "es")]
    for number in (7, 8):
        send(tenant, [one.external_id for one in people], title=None, template="order", data={"number": number})
    for one, expected in zip(people, ("Pedido", "Order", "Order"), strict=True):
        with django_assert_max_num_queries(16):
            items = server.get(f"/subscribers/{one.external_id}/export").json()["items"]
        assert [item["notification"]["title"] for item in items] == [f"{expected} 7", f"{expected} 8"]


def test_a_mark_of_many_shares_a_seq_and_hides_nobody(server: Api, as_alice: Api, alice: Subscriber) -> None:
    for number in range(5):
        send(alice.tenant, "alice", title=f"N{number}")
    as_alice.post("/inbox/mark", {"op": "read", "all": True, "upto": 100})
    first = server.get("/subscribers/alice/export?limit=3").json()
    rest = server.get(f"/subscribers/alice/export?limit=3&cursor={first['next']}").json()
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 5


def test_a_page_costs_the_same_whatever_it_holds(
    server: Api, alice: Subscriber, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        send(alice.tenant, "alice")
    with django_assert_max_num_queries(14):
        assert len(server.get("/subscribers/alice/export").json()["items"]) == 10


def test_the_inbox_as_its_owner_sees_it(server: Api, as_alice: Api, alice: Subscriber) -> None:
    for number in range(3):
        send(alice.tenant, "alice", title=f"N{number}")
    for question in ("", "?filter=unread&limit=2", "?filter=archived", "?category=message"):
        assert server.get(f"/subscribers/alice/inbox{question}").json() == as_alice.get(f"/inbox{question}").json()


@pytest.mark.parametrize("what", ["export", "inbox"])
def test_strangers_and_nonsense(server: Api, stranger: Api, alice: Subscriber, what: str) -> None:
    problem_of(stranger.get(f"/subscribers/alice/{what}"), 404, "not_found")
    problem_of(server.get("/subscribers/nobody/inbox"), 404, "not_found")
    for cursor in ("x", "OjE", "MTI6"):
        problem_of(server.get(f"/subscribers/alice/{what}?cursor={cursor}"), 422, "invalid_request")
