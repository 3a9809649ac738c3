"""A page of another origin may call when the tenant lists its origin, and not otherwise; it may read the user API alone."""

import re

import pytest
from django.test import override_settings

from hub.api import urls
from hub.tenancy.models import Tenant
from hub.tenancy.services import suspend_tenant
from tests.api.client import Api, problem_of, rolled_back

pytestmark = rolled_back

PAGE = "https://app.example.com"
ALLOWED = "Access-Control-Allow-Origin"
# whatever the ids in them: a preflight and a refusal look up nothing
# the same in every process of a parallel run
NOBODY = "01990000-0000-7000-8000-000000000000"
USER_ROUTES = ["/" + re.sub("<[^>]*>", NOBODY, str(route.pattern)) for route in urls.user]


@pytest.fixture(autouse=True)
def _listed(tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(allowed_origins=[PAGE])


def test_a_listed_origin_may_ask_and_read(as_alice: Api, nobody: Api) -> None:
    asked = nobody.call("OPTIONS", "/inbox", Origin=PAGE, Access_Control_Request_Method="GET")
    assert (asked.status_code, asked[ALLOWED]) == (204, PAGE)
    assert "Authorization" in asked["Access-Control-Allow-Headers"]
    answer = as_alice.get("/inbox", Origin=PAGE)
    assert answer[ALLOWED] == PAGE
    assert "Origin" in answer["Vary"]
    assert "ETag" in answer["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize("path", USER_ROUTES)
def test_a_preflight_is_answered_on_every_route_of_the_user_api(nobody: Api, path: str) -> None:
    asked = nobody.call("OPTIONS", path, Origin=PAGE, Access_Control_Request_Method="PATCH")
    assert (asked.status_code, asked.content, asked[ALLOWED]) == (204, b"", PAGE)
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(asked["Access-Control-Allow-Methods"].split(", "))
    assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(
        asked["Access-Control-Allow-Headers"].split(", ")
    )


@pytest.mark.parametrize("path", USER_ROUTES)
def test_a_refusal_can_be_read_too(nobody: Api, as_alice: Api, path: str) -> None:
    for caller in (nobody, as_alice, Api("a.b.c")):
        answer = caller.call("TRACE", path, Origin=PAGE)
        assert answer.status_code in (401, 405)
        assert answer[ALLOWED] == PAGE


def test_a_page_may_read_the_headers_that_matter(as_alice: Api) -> None:
    answer = as_alice.get("/inbox", Origin=PAGE)
    exposed = set(answer["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {"ETag", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"}
    assert as_alice.get("/inbox", Origin=PAGE, If_None_Match=answer["ETag"])[ALLOWED] == PAGE


def test_too_many_requests_can_be_read(as_alice: Api) -> None:
    with override_settings(HUB={"user_rate": 0.001, "user_burst": 1}):
        answers = [as_alice.get("/inbox", Origin=PAGE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert [answer[ALLOWED] for answer in answers] == [PAGE, PAGE]


def test_a_suspended_tenants_page_can_read_why(as_alice: Api, nobody: Api, tenant: Tenant) -> None:
    suspend_tenant(tenant=tenant)
    assert nobody.call("OPTIONS", "/inbox", Origin=PAGE)[ALLOWED] == PAGE
    answer = as_alice.get("/inbox", Origin=PAGE)
    assert (answer.status_code, answer[ALLOWED]) == (403, PAGE)


def test_caches_keep_origins_apart(as_alice: Api) -> None:
    assert "Origin" in as_alice.get("/inbox")["Vary"]


@pytest.mark.parametrize("path", USER_ROUTES)
def test_the_hubs_own_pages_need_no_list(nobody: Api, as_alice: Api, path: str) -> None:
    asked = nobody.call("OPTIONS", path, Origin="http://testserver", Host="testserver")
    assert (asked.status_code, ALLOWED in asked) == (204, False)
    answer = as_alice.call("TRACE", path, Origin="http://testserver", Host="testserver")
    assert (answer.status_code, ALLOWED in answer) == (405, False)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "null",
        "http://app.example.com",
        "http://[x",
        "http://",
        "http://testserver.evil.example",
        "http://testserver, https://app.example.com",
    ],
)
def test_any_other_origin_is_refused(as_alice: Api, nobody: Api, server: Api, origin: str) -> None:
    for answer in (
        nobody.call("OPTIONS", "/inbox", Origin=origin),
        as_alice.get("/inbox", Origin=origin),
        server.get("/notifications", Origin=origin),
    ):
        assert "origin" in problem_of(answer, 403, "forbidden")["detail"]
        assert ALLOWED not in answer


def test_without_a_list_a_token_is_enough_to_be_answered_but_not_to_be_read(as_charlie: Api) -> None:
    """As on a socket. What holds it may be an app with an Origin of its own; a page gets no answer shown."""
    answer = as_charlie.get("/inbox", Origin=PAGE)
    assert (answer.status_code, ALLOWED in answer) == (200, False)


def test_a_servers_answer_is_for_no_page(server: Api) -> None:
    answer = server.get("/notifications", Origin=PAGE)
    assert (answer.status_code, ALLOWED in answer) == (200, False)
    assert server.call("OPTIONS", "/notifications", Origin=PAGE, Authorization="").status_code == 401
