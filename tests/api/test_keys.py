"""An API key opens what its scopes name, in its own tenant, until it is revoked or has expired."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from hub.tenancy import keys
from hub.tenancy.models import ApiKey, Tenant
from hub.tenancy.services import create_api_key
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back

pytestmark = rolled_back


def limited(tenant: Tenant, *scopes: str) -> Api:
    return Api(create_api_key(tenant=tenant, name="limited", scopes=scopes)[1])


def expiry(key: ApiKey) -> datetime:
    assert key.expires_at is not None
    return key.expires_at


def test_nobody_gets_in(nobody: Api) -> None:
    answer = nobody.get("/notifications")
    problem_of(answer, 401, "unauthorised")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("credential", ["hub_", "hub_12345678_short", "x", "hub_zzzzzzzz_" + "a" * 43])
def test_a_malformed_key_is_refused(credential: str) -> None:
    problem_of(Api(credential).get("/notifications"), 401, "api_key_malformed")


def test_an_unknown_key_is_refused(server: Api) -> None:
    problem_of(Api("hub_12345678_" + "a" * 43).get("/notifications"), 401, "api_key_unknown")
    problem_of(Api(server.credential[:-1] + "!").get("/notifications"), 401, "api_key_malformed")
    changed = server.credential[:-1] + ("a" if server.credential[-1] != "a" else "b")
    problem_of(Api(changed).get("/notifications"), 401, "api_key_unknown")


def test_the_other_header_works_too(server: Api) -> None:
    assert Api(headers={"X-API-Key": server.credential}).get("/notifications").status_code == 200


def test_a_users_token_is_no_key(as_alice: Api) -> None:
    problem_of(as_alice.get("/notifications"), 401, "api_key_malformed")


def test_a_key_needs_the_scope(tenant: Tenant) -> None:
    reader = limited(tenant, "notifications:read")
    assert reader.get("/notifications").status_code == 200
    denied = problem_of(reader.post("/notifications", {"to": "a", "title": "x"}), 403, "forbidden")
    assert "notifications:write" in denied["detail"]
    problem_of(reader.get("/subscribers"), 403, "forbidden")
    assert limited(tenant, "notifications:*").post("/notifications", {"to": "a", "title": "x"}).status_code == 202


def test_a_key_is_shown_once_and_kept_as_a_digest(server: Api, tenant: Tenant) -> None:
    made = server.post("/api-keys", {"name": "ci", "scopes": ["notifications:write"]})
    assert made.status_code == 201
    text = made.json()["key"]
    assert text not in server.get("/api-keys").content.decode()
    assert ApiKey.objects.get(name="ci").digest == keys.digest(text)
    assert Api(text).post("/notifications", {"to": "a", "title": "x"}).status_code == 202


def test_revoking_closes_the_door(server: Api, tenant: Tenant) -> None:
    made = server.post("/api-keys", {"name": "ci", "scopes": ["notifications:read"]}).json()
    assert server.delete(f"/api-keys/{made['id']}").json()["revoked_at"]
    problem_of(Api(made["key"]).get("/notifications"), 401, "api_key_revoked")


def test_a_key_cannot_make_one_that_may_do_more(tenant: Tenant) -> None:
    maker = limited(tenant, "api_keys:write", "notifications:read")
    assert maker.post("/api-keys", {"name": "n", "scopes": ["notifications:read"]}).status_code == 201
    for scope in ("*", "notifications:*", "notifications:write"):
        problem_of(maker.post("/api-keys", {"name": "n", "scopes": [scope]}), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["*"]}, "name"),
        ({"name": "n"}, "scopes"),
        ({"name": "n", "scopes": []}, "scopes"),
        ({"name": "n", "scopes": ["nonsense"]}, "scopes"),
        ({"name": "n", "scopes": [1]}, "scopes"),
        ({"name": "n", "scopes": ["*"], "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    ],
)
def test_names_the_field_that_is_wrong(server: Api, body: dict[str, object], field: str) -> None:
    assert field in fields_of(problem_of(server.post("/api-keys", body), 422, "invalid_request"))


def test_a_rotated_key_works_beside_the_new_one_for_the_overlap(tenant: Tenant) -> None:
    old, text = create_api_key(tenant=tenant, name="ci", scopes=["api_keys:*", "topics:read"])
    answer = Api(text).post(f"/api-keys/{old.pk}/rotate", {"overlap": 60}, Idempotency_Key="r")
    assert answer.status_code == 201, answer.content
    new = answer.json()
    assert (new["name"], new["scopes"], new["expires_at"]) == ("ci", old.scopes, None)
    assert Api(text).get("/topics").status_code == Api(new["key"]).get("/topics").status_code == 200
    old.refresh_from_db()
    assert timedelta(seconds=50) < expiry(old) - timezone.now() <= timedelta(seconds=60)
    again = Api(text).post(f"/api-keys/{old.pk}/rotate", {"overlap": 60}, Idempotency_Key="r").json()
    assert again == new | {"key": None}
    ApiKey.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    problem_of(Api(text).get("/topics"), 401, "api_key_expired")
    assert Api(new["key"]).get("/topics").status_code == 200


@commits
def test_without_overlap_the_old_key_ends_now(server: Api, tenant: Tenant) -> None:
    old, text = create_api_key(tenant=tenant, name="n", scopes=["*"])
    server.post(f"/api-keys/{old.pk}/rotate", {"overlap": 0})
    problem_of(Api(text).get("/topics"), 401, "api_key_expired")


def test_rotating_prolongs_nothing_by_itself(server: Api, tenant: Tenant) -> None:
    soon, later = timezone.now() + timedelta(minutes=5), timezone.now() + timedelta(days=5)
    old, _ = create_api_key(tenant=tenant, name="n", scopes=["*"], expires_at=soon)
    kept = server.post(f"/api-keys/{old.pk}/rotate", {"overlap": 3600}).json()
    old.refresh_from_db()
    assert old.expires_at == expiry(ApiKey.objects.get(pk=kept["id"])) == soon
    said = server.post(f"/api-keys/{old.pk}/rotate", {"expires_at": later.isoformat()}).json()
    assert expiry(ApiKey.objects.get(pk=said["id"])) == later


def test_what_has_ended_is_not_rotated(server: Api, stranger: Api, tenant: Tenant) -> None:
    key, _ = create_api_key(tenant=tenant, name="n", scopes=["*"])
    problem_of(stranger.post(f"/api-keys/{key.pk}/rotate"), 404, "not_found")
    for overlap in (-1, 31 * 86_400, "soon"):
        wrong = problem_of(server.post(f"/api-keys/{key.pk}/rotate", {"overlap": overlap}), 422, "invalid_request")
        assert fields_of(wrong) == {"overlap"}
    server.delete(f"/api-keys/{key.pk}")
    problem_of(server.post(f"/api-keys/{key.pk}/rotate"), 409, "conflict")
    other, _ = create_api_key(tenant=tenant, name="n", scopes=["*"])
    ApiKey.objects.filter(pk=other.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    problem_of(server.post(f"/api-keys/{other.pk}/rotate"), 409, "conflict")


def test_a_key_cannot_rotate_one_that_may_do_more(server: Api, tenant: Tenant) -> None:
    strong = server.post("/api-keys", {"name": "n", "scopes": ["*"]}).json()
    weak = limited(tenant, "api_keys:write")
    problem_of(weak.post(f"/api-keys/{strong['id']}/rotate"), 403, "forbidden")


def test_one_key_can_be_looked_at(server: Api, stranger: Api) -> None:
    made = server.post("/api-keys", {"name": "ci", "scopes": ["*"]}).json()
    shown = server.get(f"/api-keys/{made['id']}").json()
    assert shown == {name: value for name, value in made.items() if name != "key"}
    problem_of(stranger.get(f"/api-keys/{made['id']}"), 404, "not_found")


def test_an_expired_key_is_refused(tenant: Tenant) -> None:
    key, text = create_api_key(tenant=tenant, name="n", scopes=["*"])
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    problem_of(Api(text).get("/notifications"), 401, "api_key_expired")


def test_a_suspended_tenant_is_forbidden(server: Api, tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(status=Tenant.Status.SUSPENDED)
    problem_of(server.get("/notifications"), 403, "forbidden")


def test_last_use_is_kept_to_the_minute(server: Api) -> None:
    server.get("/notifications")
    first = ApiKey.objects.get().last_used_at
    server.get("/notifications")
    assert first is not None
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    server.get("/notifications")
    again = ApiKey.objects.get().last_used_at
    assert again is not None
    assert again >= first


def test_a_strangers_key_does_not_exist(server: Api, stranger: Api) -> None:
    made = server.post("/api-keys", {"name": "ci", "scopes": ["*"]}).json()
    problem_of(stranger.delete(f"/api-keys/{made['id']}"), 404, "not_found")
    assert "ci" not in [key["name"] for key in stranger.get("/api-keys").json()["items"]]
