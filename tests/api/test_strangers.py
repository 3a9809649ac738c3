"""The strangers' matrix: every operation of the OpenAPI document by every credential that must not do, by whose ids.

It is generated: an operation with another kind of caller, or with a parameter that `belongings` lacks, fails it.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from hub.api.openapi.document import Operation, operations, resolve
from hub.audience.models import Subscriber
from hub.ids import uuid7
from hub.tenancy.keys import SCOPES
from hub.tenancy.models import ApiKey, SigningKey, Tenant
from hub.tenancy.services import create_api_key, create_signing_key
from tests.api.client import Api, rolled_back
from tests.api.contract import examples_of
from tests.support.belongings import Belongings, make_belongings, make_credentials
from tests.support.factories import make_tenant

pytestmark = rolled_back

KNOWN = [operation for operation in operations() if operation.spec["security"]]
ADDRESSED = [operation for operation in KNOWN if "{" in operation.path]
KEYS = {"server_key", "server_key_header"}
USERS = {"user_token", "session"}
TABLES = ("subscriber", "topic", "topicmember", "eventtype", "template", "notification", "inboxitem", "delivery")
TABLES += ("chataddress", "consent", "device", "suppression", "preference", "signingkey", "apikey", "stream", "fanout")
# what a tenant names itself: the stranger who asks has none of its own
NAMED = {"subscriber", "device", "topic", "event_type", "template", "provider"}
PAGE = "https://app.example"
STRANGE_PAGES = ("https://evil.example", "null", f"{PAGE}.evil.example", "http://app.example")
# what differs from one answer to the next whoever asks
OWN = {"request_id", "instance", "created_at", "updated_at", "refreshed_at", "history", "id", "key", "slug"}


@pytest.fixture(autouse=True)
def _patient() -> Iterator[None]:
    rates = {f"{who}_{what}": 100_000 for who in ("server", "user", "guess") for what in ("rate", "burst")}
    with override_settings(HUB=rates):
        yield


@pytest.fixture
def acme() -> Belongings:
    """A key of its was revoked, and so were Alice's tokens of a minute ago."""
    tenant = make_tenant("acme")
    SigningKey.objects.filter(pk=create_signing_key(tenant=tenant).pk).update(revoked_at=timezone.now())
    owner = make_belongings(tenant)
    alice = Subscriber.objects.filter(tenant=tenant, external_id="alice")
    alice.update(tokens_valid_after=timezone.now() - timedelta(seconds=60))
    return owner


@pytest.fixture
def stranger() -> Belongings:
    return make_belongings(make_tenant("stranger"))


def test_a_credential_that_must_not_do_is_refused(acme: Belongings) -> None:
    before, wrong = contents(acme), []
    for operation in KNOWN:
        for why, status, credential in refused(operation, acme):
            for ids in (acme.named, nobody(operation)):
                answer = ask(operation, credential, ids)
                # a tenant that isn't its own is none, whatever the key may do
                hidden = status == 403 and ids is not acme.named and operation.path.startswith("/tenants/")
                if answer.status_code != (404 if hidden else status):
                    wrong.append((operation.name, why, answer.content))
    assert not wrong
    assert contents(acme) == before


def test_a_suspended_tenant_is_forbidden(acme: Belongings) -> None:
    Tenant.objects.filter(slug=acme.tenant).update(status=Tenant.Status.SUSPENDED)
    statuses = {name: ask(operation, credential, acme.named).status_code for name, operation, credential in owned(acme)}
    assert statuses == dict.fromkeys(statuses, 403)


def test_a_page_of_another_origin_is_refused(acme: Belongings) -> None:
    """Whatever credential it holds: its token, its own server's key."""
    Tenant.objects.filter(slug=acme.tenant).update(allowed_origins=[PAGE])
    before, wrong = contents(acme), []
    for name, operation, credential in owned(acme):
        for origin in STRANGE_PAGES:
            for ids in (acme.named, nobody(operation)):
                answer = ask(operation, credential, ids, Origin=origin)
                said = answer.status_code == 403 and "origin" in answer.json()["detail"]
                if not said or "Access-Control-Allow-Origin" in answer:
                    wrong.append((name, origin, answer.content))
    assert not wrong
    assert contents(acme) == before


@pytest.mark.parametrize("operation", ADDRESSED, ids=lambda operation: operation.name)
def test_what_is_not_yours_is_not_there(operation: Operation, acme: Belongings, stranger: Belongings) -> None:
    """The answer about another tenant's is the one about nobody's, and nothing of the other tenant changes."""
    before, credential = contents(acme), good(operation, stranger)
    theirs = {name: acme.named[name] for name in nobody(operation)}
    if theirs.keys() & NAMED:  # both tenants call it the same
        Tenant.objects.get(slug=stranger.tenant).delete()
        stranger = make_credentials(make_tenant("empty"))
        credential = good(operation, stranger)
    hers, nobodys = ask(operation, credential, theirs), ask(operation, credential, nobody(operation))
    assert (hers.status_code, essence(hers)) == (nobodys.status_code, essence(nobodys))
    assert hers.status_code == 404 or operation.method in ("put", "delete", "patch", "post")
    assert contents(acme) == before


def refused(operation: Operation, owner: Belongings) -> Iterator[tuple[str, int, str]]:
    """(what is wrong with it, status, credential)"""
    callers = {name for needs in operation.spec["security"] for name in needs}
    assert callers <= KEYS | USERS | {"operator_token"}, f"{operation.name} has no row for {callers}"
    tenant = Tenant.objects.get(slug=owner.tenant)
    yield "no credentials", 401, ""
    yield "a token that is nobody's", 401, "nonsense"
    if callers & KEYS:
        yield from _keys(operation, tenant)
    if callers & USERS:
        yield from _tokens(tenant)
    if not callers & KEYS and "operator_token" in callers:
        yield "a tenant's key", 403, owner.api_key


def _keys(operation: Operation, tenant: Tenant) -> Iterator[tuple[str, int, str]]:
    past = timezone.now() - timedelta(hours=1)  # the database says now() of when its transaction began
    expired, text = create_api_key(tenant=tenant, name="expired", scopes=["*"])
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=past)
    yield "expired", 401, text
    revoked, text = create_api_key(tenant=tenant, name="revoked", scopes=["*"])
    ApiKey.objects.filter(pk=revoked.pk).update(revoked_at=past)
    yield "revoked", 401, text
    yield "forged", 401, text[:-4] + "AAAA"
    lacking = needed(operation) - {""}
    _, text = create_api_key(tenant=tenant, name="lacks it", scopes=sorted(_without(lacking)))
    yield "without the scope", 403, text


def _without(scopes: set[str]) -> set[str]:
    """Every scope but those that cover one of `scopes`."""
    covering = {"*"} | scopes | {f"{scope.partition(':')[0]}:*" for scope in scopes}
    return set(SCOPES) - covering


def _tokens(tenant: Tenant) -> Iterator[tuple[str, int, str]]:
    key, gone = (
        SigningKey.objects.filter(tenant=tenant, algorithm="HS256", revoked_at__isnull=there)[0]
        for there in (True, False)
    )
    other = create_signing_key(tenant=make_tenant())
    now = int(time.time())
    good = {"sub": "alice", "tenant": tenant.slug, "aud": "hub", "iat": now, "exp": now + 60}

    def sign(secret: str = key.key, kid: Any = key.pk, algorithm: str = "HS256", **changes: Any) -> str:
        return jwt.encode(good | changes, secret, algorithm=algorithm, headers={"kid": str(kid)})

    yield "expired", 401, sign(iat=now - 120, exp=now - 60)
    yield "revoked", 401, sign(iat=now - 120)
    yield "signed with a revoked key", 401, sign(gone.key, gone.pk)
    yield "forged", 401, sign("x" * 64)
    yield "alg none", 401, jwt.encode(good, "", algorithm="none", headers={"kid": str(key.pk)})
    yield "wrong audience", 401, sign(aud="another")
    yield "another tenant's key", 401, sign(other.key, other.pk)
    yield "another tenant's key under our kid", 401, sign(other.key)


def needed(operation: Operation) -> set[str]:
    return {scope for needs in operation.spec["security"] for scope in needs.get("server_key", ())}


def good(operation: Operation, owner: Belongings) -> str:
    """The owner's own credential for an operation; empty where only the operator may."""
    callers = {name for needs in operation.spec["security"] for name in needs}
    return owner.api_key if callers & KEYS else owner.token if callers & USERS else ""


def owned(owner: Belongings) -> list[tuple[str, Operation, str]]:
    """(its name, an operation, the owner's own credential for it)"""
    return [(one.name, one, credential) for one in KNOWN if (credential := good(one, owner))]


def nobody(operation: Operation) -> dict[str, str]:
    """For each parameter of the address something that nobody has."""
    parameters = [parameter for parameter in operation.parameters if parameter["in"] == "path"]
    return {
        parameter["name"]: str(uuid7()) if resolve(parameter["schema"]).get("format") == "uuid" else "nobody-s"
        for parameter in parameters
    }


def ask(operation: Operation, credential: str, ids: dict[str, str], **headers: str) -> Any:
    address = operation.path
    for name in nobody(operation):
        address = address.replace(f"{{{name}}}", ids[name])
    body = next(iter(examples_of(operation).values()), None)
    return Api(credential, headers).call(operation.method.upper(), address, body)


def essence(answer: Any) -> Any:
    """The answer without what is the request's or the thing's own."""
    if not answer.content:
        return None
    found = answer.json()
    return {name: value for name, value in found.items() if name not in OWN}


def contents(owner: Belongings) -> dict[str, tuple[int, str]]:
    """How many rows of each table are the tenant's, and a digest of them. That a key was used is no change."""
    found = {}
    for table in TABLES:
        with connection.cursor() as db:
            db.execute(
                f"SELECT count(*), md5(string_agg((to_jsonb(t) - 'last_used_at')::text, '' ORDER BY t::text)) "
                f"FROM hub_{table} t JOIN hub_tenant o ON o.id = t.tenant_id WHERE o.slug = %s "
                f"AND coalesce(to_jsonb(t)->>'name', '') <> ALL (ARRAY['expired', 'revoked', 'lacks it'])",
                [owner.tenant],
            )
            found[table] = db.fetchone()
    return found
