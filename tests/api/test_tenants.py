"""The operator registers, lists, suspends and resumes tenants; a tenant's own server reads and changes its own."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.test import override_settings

from hub.checks import operator_token
from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.services import create_api_key
from hub.tenancy.tokens import mint
from tests.api.client import Api, fields_of, problem_of, rolled_back
from tests.support.factories import make_subscriber

pytestmark = rolled_back

TOKEN = "operator-" + "t" * 40
NEW = {"slug": "globex", "name": "Globex", "allowed_origins": ["https://globex.example"]}
BRANDING = {
    "name": "Acme",
    "logo_url": "https://acme.example/logo.png",
    "colour": "#0a7d4f",
    "address": "Acme Ltd, 1 High Street, York",
    "support_url": "mailto:help@acme.example",
}


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """As in production: registration takes the token."""
    with override_settings(HUB={"operator_token": TOKEN}):
        yield


@pytest.fixture
def operator() -> Api:
    return Api(TOKEN)


def limited(tenant: Tenant, *scopes: str) -> Api:
    return Api(create_api_key(tenant=tenant, name="limited", scopes=scopes)[1])


def test_a_registered_tenant_can_start_at_once(operator: Api) -> None:
    made = operator.post("/tenants", NEW)
    assert made.status_code == 201, made.content
    tenant = made.json()
    assert {name: tenant[name] for name in NEW} == NEW
    assert tenant["status"] == "active"
    own = Api(tenant["api_key"])
    assert own.get("/tenants/globex").json()["id"] == tenant["id"]
    assert own.post("/notifications", {"to": "x", "title": "Hello"}).status_code == 202
    key = SigningKey.objects.get(pk=tenant["signing_key"])
    token = mint(
        subscriber=make_subscriber(Tenant.objects.get(slug="globex"), "hank"), ttl=timedelta(minutes=1), signing_key=key
    )
    jwt.decode(token, tenant["signing_secret"], algorithms=["HS256"], audience="hub")
    assert Api(token).get("/inbox").status_code == 200


def test_a_sandbox_whose_clock_is_ahead_stays_one(operator: Api, tenant: Tenant) -> None:
    assert operator.patch("/tenants/acme", {"sandbox": True}).json()["sandbox"] is True
    operator.put("/tenants/acme/clock", {"offset": 60})
    refused = problem_of(operator.patch("/tenants/acme", {"sandbox": False}), 422, "invalid_request")
    assert fields_of(refused) == {"sandbox"}
    assert operator.patch("/tenants/acme", {"sandbox": None, "name": "A"}).json()["sandbox"] is True
    problem_of(limited(tenant, "*").patch("/tenants/acme", {"sandbox": False}), 403, "forbidden")
    operator.put("/tenants/acme/clock", {"offset": 0})
    assert operator.patch("/tenants/acme", {"sandbox": False}).json()["sandbox"] is False


def test_its_secrets_are_shown_once(operator: Api) -> None:
    first = operator.post("/tenants", NEW, Idempotency_Key="k")
    again = operator.post("/tenants", NEW, Idempotency_Key="k")
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json() | {"api_key": None, "signing_secret": None}
    shown = operator.get("/tenants").content + operator.get("/tenants/globex").content
    assert first.json()["api_key"].encode() not in shown
    assert first.json()["signing_secret"].encode() not in shown
    problem_of(operator.post("/tenants", NEW | {"slug": "b"}, Idempotency_Key="k"), 422, "idempotency_key_reused")
    assert Tenant.objects.count() == 1


@pytest.mark.parametrize("given", ["", "wrong", TOKEN + "x", "ü"])
def test_only_the_operator_registers(given: str) -> None:
    answer = Api(given).post("/tenants", NEW)
    problem_of(answer, 401, "operator_token_unknown" if given else "unauthorised")
    assert not Tenant.objects.exists()


def test_without_a_token_nobody_is_the_operator() -> None:
    with override_settings(HUB={}):
        problem_of(Api("x").post("/tenants", NEW), 401, "operator_token_unknown")
        problem_of(Api("").get("/tenants"), 401, "unauthorised")


def test_the_demo_is_open_for_registration_alone(nobody: Api) -> None:
    with override_settings(HUB={"open_registration": True}):
        assert nobody.post("/tenants", NEW).status_code == 201
        problem_of(nobody.get("/tenants"), 401, "unauthorised")
        problem_of(nobody.patch("/tenants/globex", {"status": "suspended"}), 401, "unauthorised")


def test_a_tenants_key_is_not_the_operators_token(server: Api) -> None:
    problem_of(server.get("/tenants"), 403, "forbidden")
    problem_of(server.post("/tenants", NEW), 403, "forbidden")
    problem_of(server.patch("/tenants/acme", {"status": "suspended"}), 403, "forbidden")
    problem_of(server.patch("/tenants/acme", {"status": "active"}), 403, "forbidden")


def test_the_operators_token_opens_no_tenant(operator: Api, tenant: Tenant) -> None:
    problem_of(operator.get("/notifications"), 401, "api_key_malformed")
    problem_of(operator.get("/inbox"), 401, "token_malformed")


def test_a_slug_is_taken_once(operator: Api, tenant: Tenant) -> None:
    problem_of(operator.post("/tenants", NEW | {"slug": "acme"}), 409, "conflict")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "Not a slug"}, "slug"),
        ({"slug": None}, "slug"),
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"allowed_origins": "https://x"}, "allowed_origins"),
        ({"allowed_origins": ["https://x/"]}, "allowed_origins"),
        ({"allowed_origins": ["x.example"]}, "allowed_origins"),
        ({"allowed_origins": ["ftp://x.example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://u@x.example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://x.example:y"]}, "allowed_origins"),
        ({"allowed_origins": ["https://[x"]}, "allowed_origins"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"allowed_origins": ["https://" + "x" * 250]}, "allowed_origins"),
        ({"allowed_origins": ["https://x.example"] * 101}, "allowed_origins"),
        ({"status": "suspended"}, "status"),
        ({"id": "x"}, "id"),
    ],
)
def test_names_the_field_that_is_wrong(operator: Api, changes: dict[str, Any], field: str) -> None:
    assert field in fields_of(problem_of(operator.post("/tenants", NEW | changes), 422, "invalid_request"))
    assert not Tenant.objects.exists()


def test_an_origin_is_kept_as_browsers_send_it(operator: Api) -> None:
    origins = ["https://Globex.example:8443", "https://globex.example:8443", "http://[::1]:3000"]
    made = operator.post("/tenants", NEW | {"allowed_origins": origins}).json()
    assert made["allowed_origins"] == ["https://globex.example:8443", "http://[::1]:3000"]


def test_a_server_reads_and_changes_its_own_tenant(tenant: Tenant) -> None:
    own = limited(tenant, "tenant:*")
    assert own.get("/tenants/acme").json()["slug"] == "acme"
    changed = own.patch("/tenants/acme", {"allowed_origins": ["https://a.example"]}).json()
    assert (changed["name"], changed["allowed_origins"]) == (tenant.name, ["https://a.example"])
    assert own.patch("/tenants/acme", {"name": "New"}).json()["allowed_origins"] == ["https://a.example"]
    assert own.patch("/tenants/acme", {"allowed_origins": []}).json()["allowed_origins"] == []
    for wrong in ({"name": None}, {"name": ""}, {"allowed_origins": None}, {"status": "gone"}, {"slug": "b"}):
        assert fields_of(problem_of(own.patch("/tenants/acme", wrong), 422, "invalid_request")) == set(wrong)


def test_branding_is_replaced_as_a_whole(server: Api) -> None:
    assert server.get("/tenants/acme").json()["branding"] is None
    changed = server.patch("/tenants/acme", {"branding": BRANDING | {"name": " Acme ", "colour": "#0A7D4F"}}).json()
    assert changed["branding"] == BRANDING
    assert server.patch("/tenants/acme", {"name": "New"}).json()["branding"] == BRANDING
    less = {"colour": None, "name": "", "address": "1 High Street"}
    assert server.patch("/tenants/acme", {"branding": less}).json()["branding"] == {"address": "1 High Street"}
    assert server.patch("/tenants/acme", {"branding": None}).json()["branding"] is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ("blue", "branding"),
        ([], "branding"),
        ({"color": "#000000"}, "branding.color"),
        ({"name": "x" * 101}, "branding.name"),
        ({"name": "a\nb"}, "branding.name"),
        ({"name": 7}, "branding.name"),
        ({"logo_url": "http://acme.example/logo.png"}, "branding.logo_url"),
        ({"logo_url": "/logo.png"}, "branding.logo_url"),
        ({"logo_url": "https:logo.png"}, "branding.logo_url"),
        ({"logo_url": "data:image/png;base64,x"}, "branding.logo_url"),
        ({"logo_url": "https://a.example/" + "x" * 2_000}, "branding.logo_url"),
        ({"colour": "red"}, "branding.colour"),
        ({"colour": "#fff"}, "branding.colour"),
        ({"colour": "#12345g"}, "branding.colour"),
        ({"colour": "#123456;"}, "branding.colour"),
        ({"colour": "#123456\n"}, "branding.colour"),
        ({"address": "1 High Street\nYork"}, "branding.address"),
        ({"address": "x" * 301}, "branding.address"),
        ({"support_url": "/help"}, "branding.support_url"),
        ({"support_url": "javascript:alert(1)"}, "branding.support_url"),
        ({"support_url": "http://localhost/help"}, "branding.support_url"),
        ({"support_url": "mailto:"}, "branding.support_url"),
    ],
)
def test_branding_is_checked(server: Api, wrong: Any, field: str) -> None:
    answer = server.patch("/tenants/acme", {"branding": wrong, "name": "New"})
    assert fields_of(problem_of(answer, 422, "invalid_request")) == {field}
    assert server.get("/tenants/acme").json()["branding"] is None


def test_that_takes_the_scope(tenant: Tenant) -> None:
    problem_of(limited(tenant, "notifications:*").get("/tenants/acme"), 403, "forbidden")
    reader = limited(tenant, "tenant:read")
    assert reader.get("/tenants/acme").status_code == 200
    for change in ({"name": "New"}, {"branding": BRANDING}):
        problem_of(reader.patch("/tenants/acme", change), 403, "forbidden")


def test_a_strangers_tenant_does_not_exist(server: Api, stranger: Api, operator: Api) -> None:
    for tenant in ("acme", "nobody"):
        problem_of(stranger.get(f"/tenants/{tenant}"), 404, "not_found")
        problem_of(stranger.patch(f"/tenants/{tenant}", {"name": "Mine"}), 404, "not_found")
    problem_of(operator.get("/tenants/nobody"), 404, "not_found")
    assert operator.get("/tenants/acme").json()["name"] != "Mine"


def test_the_operator_sees_all_page_by_page(operator: Api, server: Api, stranger: Api) -> None:
    first = operator.get("/tenants?limit=1").json()
    second = operator.get(f"/tenants?limit=1&cursor={first['next']}").json()
    assert [t["slug"] for t in first["items"] + second["items"]] == ["stranger", "acme"]
    assert second["next"] is None
    operator.patch("/tenants/acme", {"status": "suspended"})
    assert [t["slug"] for t in operator.get("/tenants?status=suspended").json()["items"]] == ["acme"]
    problem_of(operator.get("/tenants?status=x"), 422, "invalid_request")


def test_suspended_means_403_everywhere_until_resumed(
    operator: Api, server: Api, as_alice: Api, as_charlie: Api
) -> None:
    suspended = operator.patch("/tenants/acme", {"status": "suspended", "name": "Acme, unpaid"}).json()
    assert (suspended["status"], suspended["name"]) == ("suspended", "Acme, unpaid")
    for caller, path in ((server, "/notifications"), (server, "/tenants/acme"), (as_alice, "/inbox")):
        problem_of(caller.get(path), 403, "forbidden")
    assert as_charlie.get("/inbox").status_code == 200
    assert operator.patch("/tenants/acme", {"status": "active"}).json()["status"] == "active"
    assert server.get("/notifications").status_code == 200
    assert as_alice.get("/inbox").status_code == 200


@pytest.mark.parametrize(
    ("token", "told"), [("", []), ("t" * 32, []), ("t" * 31, ["hub.E003"]), ("hub_" + "t" * 40, ["hub.E003"])]
)
def test_a_token_that_could_be_guessed_is_a_system_check_error(token: str, told: list[str]) -> None:
    with override_settings(HUB={"operator_token": token}):
        assert [message.id for message in operator_token()] == told
