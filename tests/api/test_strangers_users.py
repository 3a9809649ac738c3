"""The strangers' matrix of the user API: another user of the same tenant, a page of another origin, a page of nobody's.

It is generated as the whole matrix is: an operation with a parameter that no row knows fails it.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from hub.api.openapi.document import Operation
from hub.audience.models import Subscriber
from hub.ids import uuid7
from hub.tenancy.models import Tenant
from hub.tenancy.tokens import mint
from tests.api.client import Api, problem_of, rolled_back
from tests.api.contract import examples_of
from tests.api.test_strangers import KNOWN, PAGE, STRANGE_PAGES, USERS, contents, essence
from tests.support.belongings import Belongings, make_belongings
from tests.support.factories import make_subscriber, make_tenant

pytestmark = rolled_back

OF_USERS = [operation for operation in KNOWN if any(USERS & needs.keys() for needs in operation.spec["security"])]
WRITES = [operation for operation in OF_USERS if operation.method != "get"]
# what an address of the user API may name: a user's own, what all users of a tenant share, what each names for themselves
OWN, SHARED, NAMED = {"item"}, {"topic"}, {"device"}


@pytest.fixture
def acme() -> Belongings:
    return make_belongings(make_tenant("acme", allowed_origins=[PAGE]))


@pytest.fixture
def alice(acme: Belongings) -> Subscriber:
    return Subscriber.objects.get(tenant__slug=acme.tenant, external_id="alice")


@pytest.mark.parametrize("operation", OF_USERS, ids=lambda operation: operation.name)
def test_another_user_of_the_tenant_is_a_stranger(operation: Operation, acme: Belongings, alice: Subscriber) -> None:
    bob = Api(mint(subscriber=make_subscriber(alice.tenant, "bob"), ttl=timedelta(hours=1)))
    before = private(alice)
    hers, nobodys = (ask(bob, operation, acme, item) for item in (acme.named["item"], str(uuid7())))
    assert (hers.status_code, essence(hers)) == (nobodys.status_code, essence(nobodys))
    assert hers.status_code == 404 or not OWN & parameters(operation)
    assert private(alice) == before


@pytest.mark.parametrize("operation", OF_USERS, ids=lambda operation: operation.name)
def test_a_session_is_of_no_use_to_a_page_of_another_origin(
    operation: Operation, acme: Belongings, alice: Subscriber
) -> None:
    """Also where the tenant lists no page, and whatever CSRF token the page has."""
    Tenant.objects.update(allowed_origins=[])
    browser, before = browser_of(alice), contents(acme)
    for origin in (*STRANGE_PAGES, PAGE):
        browser.headers = {"X-CSRFToken": "x" * 32, "Origin": origin}
        problem_of(ask(browser, operation, acme, acme.named["item"]), 403, "forbidden")
    assert contents(acme) == before
    browser.headers |= {"Origin": "http://testserver", "Host": "testserver"}
    assert ask(browser, operation, acme, acme.named["item"]).status_code != 403


@pytest.mark.parametrize("operation", WRITES, ids=lambda operation: operation.name)
def test_a_session_writes_nothing_without_its_csrf_token(
    operation: Operation, acme: Belongings, alice: Subscriber
) -> None:
    browser, before = browser_of(alice), contents(acme)
    for headers in ({}, {"X-CSRFToken": "y" * 32}):
        browser.headers = headers
        refused = problem_of(ask(browser, operation, acme, acme.named["item"]), 403, "forbidden")
        assert "CSRF" in refused["detail"]
    assert contents(acme) == before
    browser.headers = {"X-CSRFToken": "x" * 32}
    assert ask(browser, operation, acme, str(uuid7())).status_code < 300


def browser_of(subscriber: Subscriber) -> Api:
    """A browser in which the subscriber's user is logged in; its CSRF cookie is x's."""
    subscriber.user = User.objects.create_user("alice")
    subscriber.save()
    client = Client(enforce_csrf_checks=True)
    client.force_login(subscriber.user)
    client.cookies["csrftoken"] = "x" * 32
    return Api(client=client)


def parameters(operation: Operation) -> set[str]:
    return {parameter["name"] for parameter in operation.parameters if parameter["in"] == "path"}


def ask(caller: Api, operation: Operation, owner: Belongings, item: str) -> Any:
    """With `item` wherever an item is named, in the address or in the body."""
    assert parameters(operation) <= OWN | SHARED | NAMED, f"{operation.name} has no row for {parameters(operation)}"
    address = operation.path.format_map(owner.named | {"item": item})
    body = next(iter(examples_of(operation).values()), None)
    if body and "ids" in body:
        body = body | {"ids": [item]}
    return caller.call(operation.method.upper(), address, body)


def private(subscriber: Subscriber) -> dict[str, str]:
    """A digest of what is the subscriber's alone."""
    found = {}
    for table in ("inboxitem", "stream", "preference", "topicmember", "delivery", "device"):
        with connection.cursor() as db:
            db.execute(
                f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM hub_{table} t WHERE t.subscriber_id = %s",
                [subscriber.pk],
            )
            found[table] = db.fetchone()[0]
    return found
