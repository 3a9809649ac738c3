"""User tokens: what a tenant's backend may sign, and every way to get one wrong."""

import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from hub.audience.models import Stream, Subscriber
from hub.exceptions import InvalidRequest
from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.services import create_api_key, create_signing_key
from hub.tenancy.tokens import mint, verify
from tests.api.client import Api, fields_of, problem_of, rolled_back

pytestmark = rolled_back
HOUR = timedelta(hours=1)


@pytest.fixture
def key(tenant: Tenant) -> SigningKey:
    return create_signing_key(tenant=tenant)


def sign(key: SigningKey, *, secret: Any = None, algorithm: str = "", kid: Any = None, **changes: Any) -> str:
    """Of now, or, where a claim is a timedelta, of so much later."""
    now = int(time.time())
    claims = {"sub": "alice", "tenant": "acme", "aud": "hub", "iat": now, "exp": now + 60} | changes
    claims = {
        name: now + int(value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in claims.items()
        if value is not None
    }
    headers = {"kid": str(key.pk) if kid is None else kid}
    return jwt.encode(claims, secret or key.key, algorithm=algorithm or key.algorithm, headers=headers)


def test_a_good_token_is_its_subscriber(key: SigningKey, alice: Subscriber) -> None:
    assert Api(sign(key)).get("/inbox/counts").json() == {"unread": 0, "unseen": 0, "cursor": str(alice.stream)}


def test_an_unknown_sub_is_made_on_first_use(key: SigningKey, tenant: Tenant) -> None:
    assert Api(sign(key, sub="new one")).get("/inbox").status_code == 200
    made = Subscriber.objects.get(tenant=tenant, external_id="new one")
    assert Stream.objects.filter(pk=made.pk).exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": 1}, "token_expired"),
        ({"exp": None}, "token_claims"),
        ({"exp": 25 * HOUR}, "token_too_long_lived"),
        ({"exp": HOUR, "iat": 1}, "token_too_long_lived"),
        ({"exp": "soon"}, "token_malformed"),
        ({"exp": float("inf")}, "token_malformed"),
        ({"iat": None}, "token_claims"),
        ({"iat": HOUR, "exp": 2 * HOUR}, "token_not_yet_valid"),
        ({"iat": True}, "token_claims"),
        ({"sub": None}, "token_claims"),
        ({"sub": ""}, "token_claims"),
        ({"sub": "x" * 256}, "token_claims"),
        ({"sub": "a\x00b"}, "token_claims"),
        ({"sub": "\ud800"}, "token_claims"),
        ({"aud": None}, "token_claims"),
        ({"aud": "other"}, "token_audience"),
        ({"tenant": None}, "token_tenant"),
        ({"tenant": "stranger"}, "token_tenant"),
        ({"tenant": ["acme"]}, "token_tenant"),
        ({"secret": "x" * 64}, "token_signature"),
        ({"kid": "00000000-0000-0000-0000-000000000000"}, "token_key_unknown"),
        ({"kid": "nonsense"}, "token_key_unknown"),
        ({"algorithm": "HS512"}, "token_signature"),
    ],
)
def test_a_wrong_token_is_refused_with_its_reason(
    key: SigningKey, charlie: Subscriber, changes: dict[str, Any], code: str
) -> None:
    problem_of(Api(sign(key, **changes)).get("/inbox"), 401, code)
    assert not Subscriber.objects.filter(tenant=key.tenant).exists()


@pytest.mark.parametrize("credential", ["x", "a.b.c", "e30.e30.", "x" * 9000, "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_refused(credential: str) -> None:
    answer = Api(credential).get("/inbox")
    assert answer.status_code == 401
    assert answer.json()["code"] in {"token_malformed", "token_key_unknown"}


def test_an_unsigned_token_is_refused(key: SigningKey) -> None:
    claims = {"sub": "alice", "tenant": "acme", "aud": "hub", "iat": int(time.time()), "exp": int(time.time()) + 60}
    token = jwt.encode(claims, None, algorithm="none", headers={"kid": str(key.pk)})
    problem_of(Api(token).get("/inbox"), 401, "token_signature")


def test_the_public_key_is_no_shared_secret(tenant: Tenant) -> None:
    """The old trick: sign with HS256, using the RS256 public key as the secret."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = create_signing_key(tenant=tenant, algorithm="RS256", key=pem(private))
    assert Api(sign(key, secret=private)).get("/inbox").status_code == 200
    shared = SigningKey(pk=key.pk, algorithm="HS256", key="s" * 64, tenant=tenant)
    problem_of(Api(sign(shared)).get("/inbox"), 401, "token_signature")


def test_es256_works(tenant: Tenant) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    key = create_signing_key(tenant=tenant, algorithm="ES256", key=pem(private))
    assert Api(sign(key, secret=private)).get("/inbox").status_code == 200


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("HS256", "short"),
        ("RS256", "nonsense"),
        ("none", "x" * 64),
        ("ES256", None),
        ("RS256", "weak"),
        ("ES256", "rsa"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(tenant: Tenant, algorithm: str, key: str | None) -> None:
    made = {"weak": rsa.generate_private_key(public_exponent=65537, key_size=1024), "rsa": None}
    if key in made:
        key = pem(made[key] or rsa.generate_private_key(public_exponent=65537, key_size=2048))
    with pytest.raises(InvalidRequest):
        create_signing_key(tenant=tenant, algorithm=algorithm, key=key)


def test_the_secret_is_encrypted_at_rest(key: SigningKey) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM hub_signingkey")
        stored = cursor.fetchone()[0]
    assert key.key not in stored


def test_revoking_a_subscribers_tokens(alice: Subscriber) -> None:
    old = mint(subscriber=alice, ttl=timedelta(hours=1))
    alice.tokens_valid_after = timezone.now()
    alice.save()
    problem_of(Api(old).get("/inbox"), 401, "token_revoked")
    new = mint(subscriber=alice, ttl=timedelta(hours=1))
    assert Api(new).get("/inbox").status_code == 200


def test_a_revoked_key_signs_no_more(key: SigningKey) -> None:
    token = sign(key)
    SigningKey.objects.update(revoked_at=timezone.now())
    problem_of(Api(token).get("/inbox"), 401, "token_key_unknown")


def test_a_suspended_tenant_is_forbidden(key: SigningKey, alice: Subscriber) -> None:
    Tenant.objects.update(status=Tenant.Status.SUSPENDED)
    problem_of(Api(sign(key)).get("/inbox"), 403, "forbidden")


def test_the_server_makes_tokens(server: Api, alice: Subscriber) -> None:
    made = server.post("/user-tokens", {"subscriber": "alice", "ttl": 60})
    assert made.status_code == 201
    assert verify(made.json()["token"]).subscriber == alice
    for body, field in (
        ({}, "subscriber"),
        ({"subscriber": "alice", "ttl": 0}, "ttl"),
        ({"subscriber": "alice", "ttl": 86_401}, "ttl"),
        ({"subscriber": "a\nb"}, "subscriber"),
    ):
        assert field in fields_of(problem_of(server.post("/user-tokens", body), 422, "invalid_request"))


def test_revoking_refuses_what_was_issued_before(
    server: Api, stranger: Api, alice: Subscriber, bob: Subscriber
) -> None:
    hour = timedelta(hours=1)
    old, his = mint(subscriber=alice, ttl=hour), mint(subscriber=bob, ttl=hour)
    stranger.post("/user-tokens/revoke", {"subscriber": "alice"})
    assert Api(old).get("/inbox").status_code == 200
    answer = server.post("/user-tokens/revoke", {"subscriber": "alice"}).json()
    assert answer["subscriber"] == "alice"
    assert parse_datetime(answer["tokens_valid_after"]) is not None
    problem_of(Api(old).get("/inbox"), 401, "token_revoked")
    assert Api(his).get("/inbox").status_code == 200
    assert Api(mint(subscriber=alice, ttl=hour)).get("/inbox").status_code == 200


def test_tokens_that_nobody_has_used_yet_are_revoked_too(server: Api, key: SigningKey) -> None:
    token = sign(key, sub="newcomer", iat=time.time() - 1)
    server.post("/user-tokens/revoke", {"subscriber": "newcomer"})
    problem_of(Api(token).get("/inbox"), 401, "token_revoked")


def test_revoking_asks_for_a_subscriber_and_its_scope(server: Api, tenant: Tenant) -> None:
    for body in ({}, {"subscriber": "a\nb"}):
        problem_of(server.post("/user-tokens/revoke", body), 422, "invalid_request")
    reader = Api(create_api_key(tenant=tenant, name="reader", scopes=["user_tokens:read"])[1])
    problem_of(reader.post("/user-tokens/revoke", {"subscriber": "alice"}), 403, "forbidden")


def test_an_api_key_is_no_token(server: Api) -> None:
    problem_of(server.get("/inbox"), 401, "token_malformed")


def pem(private: Any) -> str:
    public = private.public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(public.public_bytes(serialization.Encoding.PEM, form).decode())
