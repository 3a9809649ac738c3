"""Signing keys that an issuer publishes: chosen by the token's kid, fetched as seldom as is right, kept while it is down."""

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import transaction
from django.test import override_settings
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from hub.audience.models import Subscriber
from hub.tenancy import jwks
from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.services import create_signing_key
from hub.tenancy.tokens import verify
from tests.api.client import Api, commits, problem_of
from tests.api.test_signing_keys import EC, RSA, status_of
from tests.api.test_tokens import sign
from tests.support.site import Site, running_site

pytestmark = commits
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KID = "2026-11"


def jwk(private: Any, kid: str | None = KID, **more: Any) -> dict[str, Any]:
    """How an issuer publishes the public half."""
    kind = RSAAlgorithm if isinstance(private, rsa.RSAPrivateKey) else ECAlgorithm
    entry = kind.to_jwk(private.public_key(), as_dict=True)  # type: ignore[attr-defined]
    return {name: value for name, value in ({"kid": kid} | entry | more).items() if value is not None}


@pytest.fixture
def issuer() -> Iterator[Site]:
    """It may be asked again at once, unless a test says otherwise."""
    with running_site() as site:
        site.answer({"keys": [jwk(RSA)]})
        with override_settings(HUB=settings(site)):
            yield site


@pytest.fixture
def key(tenant: Tenant, issuer: Site) -> SigningKey:
    return create_signing_key(tenant=tenant, algorithm="RS256", jwks_url=issuer.url)


def settings(site: Site, **changes: Any) -> dict[str, Any]:
    return {"outbound_exempt": (site.host,), "jwks_refetch": 0, **changes}


def status(key: SigningKey, private: Any = RSA, **changes: Any) -> int:
    return status_of(key, private, **({"kid": KID} | changes))


def test_a_published_key_verifies(server: Api, issuer: Site, alice: Subscriber) -> None:
    made = server.post("/signing-keys", {"algorithm": "RS256", "jwks_url": issuer.url}).json()
    assert (made["jwks_url"], made["public_key"]) == (issuer.url, None)
    key = SigningKey.objects.get(pk=made["id"])
    assert verify(sign(key, secret=RSA, kid=KID)).subscriber == alice
    assert verify(sign(key, secret=RSA, kid=KID)).tenant == alice.tenant
    assert len(issuer.asked) == 1
    server.delete(f"/signing-keys/{made['id']}")
    assert status(key) == 401


def test_a_kid_may_look_like_one_of_ours(key: SigningKey, issuer: Site) -> None:
    kid = "0195f3a2-7c01-7d3e-8a41-5b9e1c2d3f01"
    issuer.answer({"keys": [jwk(RSA, kid)]})
    assert status(key, kid=kid) == 200


def test_an_issuer_itself_is_no_key(key: SigningKey) -> None:
    problem_of(Api(sign(key, secret=RSA)).get("/inbox"), 401, "token_key_unknown")


def test_es256_is_published_too(tenant: Tenant, issuer: Site) -> None:
    key = create_signing_key(tenant=tenant, algorithm="ES256", jwks_url=issuer.url)
    issuer.answer({"keys": [jwk(RSA), jwk(EC, "curve")]})
    assert status(key, EC, kid="curve") == 200
    assert status(key, RSA, algorithm="RS256") == 401  # the algorithm is pinned, whatever else is published


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": OTHER}, "token_signature"),
        ({"kid": "another"}, "token_key_unknown"),
        ({"kid": ""}, "token_key_unknown"),
        ({"tenant": "stranger"}, "token_key_unknown"),
        ({"tenant": None}, "token_key_unknown"),
        ({"aud": "other"}, "token_audience"),
        ({"exp": 1}, "token_expired"),
        ({"algorithm": "RS512"}, "token_signature"),
    ],
)
def test_everything_is_verified(key: SigningKey, charlie: Subscriber, changes: dict[str, Any], code: str) -> None:
    problem_of(Api(sign(key, **({"secret": RSA, "kid": KID} | changes))).get("/inbox"), 401, code)


def test_the_published_key_is_no_shared_secret(key: SigningKey) -> None:
    claims = {"sub": "alice", "tenant": "acme", "aud": "hub", "iat": int(time.time()), "exp": int(time.time()) + 60}
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": KID})
    problem_of(Api(unsigned).get("/inbox"), 401, "token_signature")
    shared = SigningKey(algorithm="HS256", key=jwk(RSA)["n"])
    problem_of(Api(sign(shared, kid=KID)).get("/inbox"), 401, "token_signature")


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "kid": KID, "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"},
        jwk(RSA, use="enc"),
        jwk(RSA, alg="RS512"),
        jwk(RSA, kid=None),
        jwk(RSA, n="AQAB"),
        jwk(EC),
        jwk(RSA) | {"d": "AQAB"},
        "nonsense",
        {"kty": ["RSA"], "kid": KID},
    ],
)
def test_what_is_not_for_this_is_left_out(key: SigningKey, issuer: Site, entry: Any) -> None:
    issuer.answer({"keys": [entry, jwk(OTHER, "good")]})
    assert status(key) == 401
    assert status(key, OTHER, kid="good") == 200


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_weak_key_counts_nowhere(key: SigningKey, issuer: Site) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    issuer.answer({"keys": [jwk(weak)]})
    problem_of(Api(sign(key, secret=weak, kid=KID)).get("/inbox"), 401, "token_key_unknown")


def test_a_new_key_is_found_and_an_old_one_forgotten(key: SigningKey, issuer: Site) -> None:
    assert status(key) == 200
    issuer.answer({"keys": [jwk(OTHER, "next")]})
    assert status(key) == 200  # the document is fresh still
    assert status(key, OTHER, kid="next") == 200
    assert status(key) == 401


def test_strange_kids_do_not_hammer_the_issuer(key: SigningKey, issuer: Site) -> None:
    with override_settings(HUB=settings(issuer, jwks_refetch=3600)):
        assert [status(key, kid=f"guess {number}") for number in range(5)] == [401] * 5
        assert status(key) == 200
    assert len(issuer.asked) == 1


@pytest.mark.parametrize(
    ("said", "seconds", "asked"),
    [
        ("max-age=600", 590, 1),
        ("public, max-age=600, must-revalidate", 610, 2),
        ("max-age=1", 50, 1),
        ("no-store", 290, 1),
        ("no-store", 310, 2),
        ("max-age=999999", 3_500, 1),
        ("max-age=999999", 3_700, 2),
    ],
)
def test_a_document_grows_old_as_its_issuer_says_within_bounds(
    key: SigningKey, issuer: Site, monkeypatch: pytest.MonkeyPatch, said: str, seconds: int, asked: int
) -> None:
    issuer.headers = {"Cache-Control": said}
    assert status(key) == 200
    later(monkeypatch, seconds)
    assert status(key) == 200
    assert len(issuer.asked) == asked


@pytest.mark.parametrize("trouble", ["status", "nonsense", "no list", "too many", "too big", "slow"])
def test_while_the_issuer_is_down_its_last_document_counts_for_a_day(
    key: SigningKey, issuer: Site, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    assert status(key) == 200
    with override_settings(HUB=settings(issuer, jwks_timeout=0.3)):
        break_(issuer, trouble)
        later(monkeypatch, 7_200)
        assert status(key) == 200
        problem_of(Api(sign(key, secret=RSA, kid="new")).get("/inbox"), 503, "issuer_unreachable")
        later(monkeypatch, 86_400)
        problem_of(Api(sign(key, secret=RSA, kid=KID)).get("/inbox"), 503, "issuer_unreachable")


def test_an_issuer_that_was_never_reached_is_no_verdict(key: SigningKey, issuer: Site) -> None:
    issuer.status = 500
    problem_of(Api(sign(key, secret=RSA, kid=KID)).get("/inbox"), 503, "issuer_unreachable")
    issuer.status = 200
    assert status(key) == 200


def test_nobody_waits_for_an_issuer_inside_a_transaction(key: SigningKey, issuer: Site) -> None:
    token = sign(key, secret=RSA, kid=KID)
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        verify(token)
    assert issuer.asked == []


def break_(issuer: Site, trouble: str) -> None:
    if trouble == "status":
        issuer.status = 500
    elif trouble == "slow":
        issuer.hold.clear()
    else:
        many = {"keys": [jwk(RSA, str(number)) for number in range(51)]}
        issuer.answer({"nonsense": 1, "no list": {"keys": {}}, "too many": many, "too big": "x" * 70_000}[trouble])


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the process's clock be that much ahead."""
    clock = jwks.monotonic
    monkeypatch.setattr(jwks, "monotonic", lambda: clock() + seconds)
