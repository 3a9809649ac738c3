"""A Django user who is linked to a subscriber has their inbox by session; writes need the CSRF token."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hub.audience.models import Subscriber
from hub.tenancy.models import Tenant
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back
from tests.support.factories import make_subscriber, make_tenant, send

pytestmark = rolled_back


@pytest.fixture
def user(alice: Subscriber) -> User:
    user = User.objects.create_user("alice", password="x")
    Subscriber.objects.filter(pk=alice.pk).update(user=user)
    return user


@pytest.fixture
def browser(user: User) -> Api:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return Api(client=client)


@commits
def test_the_session_is_the_subscriber(browser: Api, alice: Subscriber) -> None:
    send(alice.tenant, "alice")
    assert browser.get("/inbox/counts").json()["unread"] == 1


def test_a_write_needs_the_csrf_token(browser: Api) -> None:
    body = {"op": "read", "all": True, "upto": 1}
    refused = problem_of(browser.post("/inbox/mark", body), 403, "forbidden")
    assert "CSRF" in refused["detail"]
    token = "x" * 32
    browser.client.cookies["csrftoken"] = token
    assert browser.post("/inbox/mark", body, X_CSRFToken=token).status_code == 200
    problem_of(browser.post("/inbox/mark", body, X_CSRFToken="y" * 32), 403, "forbidden")


def test_a_token_needs_no_csrf(browser: Api, as_alice: Api) -> None:
    browser.credential = as_alice.credential
    assert browser.post("/inbox/mark", {"op": "read", "all": True, "upto": 1}).status_code == 200


def test_several_tenants_need_it_said(browser: Api, user: User) -> None:
    make_subscriber(make_tenant("other"), "al", user=user)
    document = problem_of(browser.get("/inbox/counts"), 422, "invalid_request")
    assert fields_of(document) == {"tenant"}
    assert browser.get("/inbox/counts", X_Hub_Tenant="acme").status_code == 200
    problem_of(browser.get("/inbox/counts", X_Hub_Tenant="stranger"), 403, "forbidden")


def test_a_user_without_an_inbox_is_forbidden() -> None:
    client = Client()
    client.force_login(User.objects.create_user("charlie"))
    problem_of(Api(client=client).get("/inbox"), 403, "forbidden")


def test_a_suspended_tenant_is_forbidden(browser: Api) -> None:
    Tenant.objects.update(status=Tenant.Status.SUSPENDED)
    problem_of(browser.get("/inbox"), 403, "forbidden")


def test_nobody_has_no_inbox(nobody: Api) -> None:
    problem_of(nobody.get("/inbox"), 401, "unauthorised")


def test_a_session_is_no_api_key(browser: Api) -> None:
    problem_of(browser.get("/notifications"), 401, "unauthorised")
