"""Signing keys that the tenant's server makes and revokes."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.services import create_api_key
from tests.api.client import Api, fields_of, problem_of, rolled_back
from tests.api.test_tokens import pem, sign

pytestmark = rolled_back
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def status_of(key: SigningKey, private: Any, **changes: Any) -> int:
    """Of an answer to whoever shows a token signed by `private`."""
    return int(Api(sign(key, secret=private, **changes)).get("/inbox").status_code)


def test_a_made_secret_is_shown_once(server: Api) -> None:
    made = server.post("/signing-keys", {}, Idempotency_Key="k")
    assert made.status_code == 201, made.content
    key = made.json()
    assert Api(sign(SigningKey(pk=key["id"], algorithm="HS256", key=key["secret"]))).get("/inbox").status_code == 200
    assert server.post("/signing-keys", {}, Idempotency_Key="k").json() == key | {"secret": None}
    shown = server.get(f"/signing-keys/{key['id']}")
    assert shown.json() == {name: value for name, value in key.items() if name != "secret"}
    assert key["secret"] not in (shown.content + server.get("/signing-keys").content).decode()


def test_a_given_secret_is_not_shown(server: Api) -> None:
    made = server.post("/signing-keys", {"algorithm": "HS256", "key": "s" * 32})
    assert made.status_code == 201
    assert "s" * 32 not in made.content.decode()


def test_a_given_public_key_is_shown(server: Api) -> None:
    for algorithm, private in (("RS256", RSA), ("ES256", EC)):
        key = server.post("/signing-keys", {"algorithm": algorithm, "key": pem(private)}).json()
        assert (key["algorithm"], key["public_key"]) == (algorithm, pem(private))
        assert status_of(SigningKey(pk=key["id"], algorithm=algorithm), private) == 200


def test_a_revoked_key_verifies_nothing_from_then_on(server: Api) -> None:
    key = server.post("/signing-keys", {"algorithm": "RS256", "key": pem(RSA)}).json()
    row = SigningKey.objects.get(pk=key["id"])
    assert status_of(row, RSA) == 200
    revoked = server.delete(f"/signing-keys/{key['id']}").json()
    assert revoked["revoked_at"]
    assert server.delete(f"/signing-keys/{key['id']}").json() == revoked
    assert status_of(row, RSA) == 401


def test_a_strangers_signing_key_does_not_exist(server: Api, stranger: Api) -> None:
    key = server.post("/signing-keys", {}).json()
    problem_of(stranger.get(f"/signing-keys/{key['id']}"), 404, "not_found")
    problem_of(stranger.delete(f"/signing-keys/{key['id']}"), 404, "not_found")
    assert key["id"] not in [row["id"] for row in stranger.get("/signing-keys").json()["items"]]
    assert SigningKey.objects.get(pk=key["id"]).revoked_at is None


def test_it_takes_the_scope(tenant: Tenant) -> None:
    reader = Api(create_api_key(tenant=tenant, name="n", scopes=["signing_keys:read"])[1])
    assert reader.get("/signing-keys").status_code == 200
    problem_of(reader.post("/signing-keys", {}), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"algorithm": "none"}, "algorithm"),
        ({"algorithm": "HS512"}, "algorithm"),
        ({"algorithm": "HS256", "key": "short"}, "key"),
        ({"algorithm": "HS256", "key": pem(RSA)}, "key"),
        ({"algorithm": "RS256"}, "key"),
        ({"algorithm": "RS256", "key": pem(EC)}, "key"),
        ({"algorithm": "RS256", "key": "x" * 9_000}, "key"),
        ({"jwks_url": "https://issuer.example/jwks"}, "algorithm"),
        ({"algorithm": "HS256", "jwks_url": "https://issuer.example/jwks"}, "algorithm"),
        ({"algorithm": "RS256", "jwks_url": "https://issuer.example/jwks", "key": pem(RSA)}, "key"),
        ({"algorithm": "RS256", "jwks_url": "http://issuer.example/jwks"}, "jwks_url"),
        ({"algorithm": "RS256", "jwks_url": "https://169.254.169.254/jwks"}, "jwks_url"),
        ({"algorithm": "RS256", "jwks_url": 1}, "jwks_url"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_names_the_field_that_is_wrong(server: Api, body: dict[str, Any], field: str) -> None:
    assert field in fields_of(problem_of(server.post("/signing-keys", body), 422, "invalid_request"))


def test_a_tenant_has_few_issuers(server: Api) -> None:
    def made(number: int) -> Any:
        return server.post("/signing-keys", {"algorithm": "RS256", "jwks_url": f"https://issuer.example/{number}"})

    keys = [made(number).json() for number in range(3)]
    problem_of(made(3), 409, "conflict")
    server.delete(f"/signing-keys/{keys[0]['id']}")
    assert made(4).status_code == 201
