"""Every answer to a known caller tells what is left; too much is 429, and costs nobody else anything."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from hub.audience.models import Subscriber, Topic
from hub.breaker import redis_breaker
from hub.tenancy.models import Tenant
from hub.tenancy.services import create_api_key
from tests.api.client import Api, problem_of, rolled_back

pytestmark = rolled_back

# a little at once, and nothing more while a test runs
TIGHT = {
    f"{who}_{what}": value for who in ("server", "user", "guess") for what, value in (("rate", 0.001), ("burst", 3))
}
UNKNOWN = "hub_12345678_" + "a" * 43


@pytest.fixture
def _tight() -> Iterator[None]:
    with override_settings(HUB=TIGHT):
        yield


def test_the_headers_say_what_is_left(server: Api, as_alice: Api) -> None:
    first, second = server.get("/notifications"), server.get("/notifications")
    assert first["RateLimit-Policy"] == '"server";q=2000;w=2'
    assert first["RateLimit"] == '"server";r=1999;t=1'
    assert second["RateLimit"].startswith('"server";r=199')
    answer = as_alice.get("/inbox")
    assert answer["RateLimit-Policy"] == '"user";q=60;w=3'
    assert answer["RateLimit"] == '"user";r=59;t=1'


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/notifications/00000000-0000-0000-0000-000000000000", None, 404),
        ("POST", "/notifications", {"colour": 1}, 422),
        ("POST", "/notifications", b"{", 400),
        ("DELETE", "/notifications", None, 405),
        ("GET", "/subscribers", None, 403),
    ],
)
def test_so_does_every_error(tenant: Tenant, method: str, path: str, body: Any, status: int) -> None:
    caller = Api(create_api_key(tenant=tenant, name="n", scopes=["notifications:*"])[1])
    answer = caller.call(method, path, body)
    assert answer.status_code == status
    assert answer["RateLimit"] == '"server";r=1999;t=1'


def test_whoever_is_not_known_has_no_quota(nobody: Api) -> None:
    for path in ("/inbox", "/notifications", "/nothing"):
        assert "RateLimit" not in nobody.get(path)


@pytest.mark.usefixtures("_tight")
def test_too_much_is_429_until_it_has_come_back(server: Api) -> None:
    assert [server.get("/topics").status_code for _ in range(3)] == [200] * 3
    refused = server.post("/topics", {"key": "a"})
    assert "3 at once" in problem_of(refused, 429, "rate_limited")["detail"]
    assert 900 < int(refused["Retry-After"]) <= 1_000
    assert refused["RateLimit"].startswith('"server";r=0;t=')
    assert "Retry-After" not in server.get("/nothing")
    assert not Topic.objects.exists()  # what was refused was not done


@pytest.mark.usefixtures("_tight")
def test_it_is_the_callers_own(server: Api, tenant: Tenant, as_alice: Api, as_bob: Api) -> None:
    for _ in range(4):
        server.get("/topics")
        as_alice.get("/inbox")
    problem_of(server.get("/topics"), 429, "rate_limited")
    problem_of(as_alice.get("/inbox"), 429, "rate_limited")
    assert as_bob.get("/inbox").status_code == 200
    assert Api(create_api_key(tenant=tenant, name="n", scopes=["*"])[1]).get("/topics").status_code == 200


def test_losing_redis_refuses_nobody(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_breaker, "_closed_from", float("inf"))
    answer = server.get("/topics")
    assert (answer.status_code, answer["RateLimit"]) == (200, '"server";r=1999;t=1')


@pytest.mark.usefixtures("_tight")
def test_guesses_from_one_address_are_refused_and_good_credentials_are_not(server: Api, alice: Subscriber) -> None:
    guesser = Api(UNKNOWN)
    codes = [guesser.get("/topics").status_code for _ in range(5)]
    assert codes == [401] * 3 + [429] * 2
    refused = guesser.get("/topics")
    problem_of(refused, 429, "rate_limited")
    assert int(refused["Retry-After"]) > 900
    problem_of(Api("a.b.c").get("/inbox"), 429, "rate_limited")
    assert server.get("/topics").status_code == 200
    guesser.client.defaults["REMOTE_ADDR"] = "192.0.2.1"
    problem_of(guesser.get("/topics"), 401, "api_key_unknown")


@pytest.mark.usefixtures("_tight")
def test_a_whole_ipv6_network_is_one_address() -> None:
    guesser = Api(UNKNOWN)
    codes = []
    for number in range(5):
        guesser.client.defaults["REMOTE_ADDR"] = f"2001:db8::{number}"
        codes.append(guesser.get("/topics").status_code)
    assert codes == [401] * 3 + [429] * 2


@pytest.mark.usefixtures("_tight")
def test_what_is_merely_missing_is_no_guess(nobody: Api) -> None:
    assert [nobody.get("/topics").status_code for _ in range(5)] == [401] * 5
