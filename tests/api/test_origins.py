"""A page of another origin may call the user API when the subscriber's tenant lists its origin, and not otherwise."""

import pytest

from hub.tenancy.models import Tenant
from tests.api.client import Api, rolled_back

pytestmark = rolled_back

PAGE = "https://app.example.com"
ALLOWED = "Access-Control-Allow-Origin"


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


def test_a_refusal_can_be_read_too(nobody: Api) -> None:
    assert nobody.get("/inbox", Origin=PAGE)[ALLOWED] == PAGE


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://app.example.com.evil.example", "null", "http://app.example.com"]
)
def test_any_other_origin_may_not(as_alice: Api, nobody: Api, origin: str) -> None:
    assert ALLOWED not in nobody.call("OPTIONS", "/inbox", Origin=origin)
    assert ALLOWED not in as_alice.get("/inbox", Origin=origin)


def test_a_tenants_origins_are_its_own(as_charlie: Api, server: Api) -> None:
    assert ALLOWED not in as_charlie.get("/inbox", Origin=PAGE)
    assert ALLOWED not in server.get("/notifications", Origin=PAGE)
