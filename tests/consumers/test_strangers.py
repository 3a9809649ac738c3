"""The strangers' matrix of the live edge: every frame that a client may send by every credential that must not do.

It is generated from the table of readers: a type of frame without a row fails it.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.utils import timezone

from consumers.frames import _READERS, Close
from hub.audience.models import Subscriber
from hub.ids import uuid7
from hub.inbox.ops import OPS
from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.services import create_signing_key
from tests.consumers.conftest import Connect, Db, Listen, Server, fresh, origin_of, token_of
from tests.support.client import HubClient
from tests.support.factories import make_subscriber, make_tenant, send

pytestmark = pytest.mark.parametrize("layer", ["direct"], indirect=True)

# what each says after hello, or instead of it; `hello` and `auth` are given a token
FRAMES: dict[str, dict[str, Any]] = {
    "hello": {},
    "mark": {"id": "m", "op": "read", "all": True, "upto": 9},
    "ack": {"seq": 1, "focused": True},
    "sync": {"cursor": "ffffffff:0"},
    "auth": {},
    "pong": {},
}
FIELDS: dict[str, dict[str, Any]] = {"act": {"action": "open"}}


@dataclass
class Credential:
    """What a stranger comes with, and the code of the close that it earns."""

    why: str
    close: Close
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def strangers(alice: Subscriber, server: Server, session_cookie: str) -> list[Credential]:
    tenant, now = alice.tenant, time.time()
    Subscriber.objects.filter(pk=alice.pk).update(tokens_valid_after=timezone.now() - timedelta(seconds=60))
    gone, other, key = (create_signing_key(tenant=owner) for owner in (tenant, make_tenant(), tenant))
    SigningKey.objects.filter(pk=gone.pk).update(revoked_at=timezone.now())
    Tenant.objects.filter(pk=tenant.pk).update(allowed_origins=["https://app.example"])
    suspended = make_subscriber(make_tenant(status=Tenant.Status.SUSPENDED))
    good = {"sub": "alice", "tenant": tenant.slug, "aud": "hub", "iat": now, "exp": now + 60}

    def sign(by: SigningKey = key, secret: str = "", kid: Any = "", algorithm: str = "HS256", **changes: Any) -> str:
        secret = "" if algorithm == "none" else secret or by.key
        return jwt.encode(good | changes, secret, algorithm, {"kid": str(kid or by.pk)})

    return [
        Credential("none", Close.FORBIDDEN),
        Credential("none, from our own page", Close.UNAUTHORISED, headers=origin_of(server, "same")),
        Credential("nonsense", Close.UNAUTHORISED, "nonsense"),
        Credential("expired", Close.TOKEN_EXPIRED, sign(iat=now - 50, exp=now - 40)),
        Credential("forged", Close.UNAUTHORISED, sign(secret="x" * 64)),
        Credential("alg none", Close.UNAUTHORISED, sign(algorithm="none")),
        Credential("wrong audience", Close.UNAUTHORISED, sign(aud="another")),
        Credential("another tenant's key", Close.UNAUTHORISED, sign(other)),
        Credential("another tenant's key under our kid", Close.UNAUTHORISED, sign(other, kid=key.pk)),
        Credential("revoked", Close.REVOKED, sign(iat=now - 120)),
        Credential("signed with a revoked key", Close.UNAUTHORISED, sign(gone)),
        Credential("of a suspended tenant", Close.FORBIDDEN, token_of(suspended)),
        *(
            Credential(f"from {page}", Close.FORBIDDEN, sign(), {"Origin": page})
            for page in ("https://evil.example", "null", "https://app.example.evil.example")
        ),
        Credential("a session without an Origin", Close.FORBIDDEN, headers={"Cookie": session_cookie}),
        Credential(
            "a session from another page",
            Close.FORBIDDEN,
            headers={"Cookie": session_cookie, "Origin": "https://evil.example"},
        ),
    ]


def test_every_frame_has_a_row(layer: str) -> None:
    assert FRAMES.keys() == _READERS.keys()


@pytest.mark.parametrize("kind", FRAMES)
async def test_a_stranger_is_closed_and_told_nothing(
    kind: str, strangers: list[Credential], connect: Connect, server: Server, db: Db, alice: Subscriber
) -> None:
    """Whatever comes before a hello is an error; the hello closes; what comes after it is not heard."""
    await db(send, alice.tenant, "alice")
    before = await db(fresh, alice)
    for stranger in strangers:
        given = {"token": stranger.token} if stranger.token else {}
        frame = {"type": kind, **FRAMES[kind], **(given if kind in ("hello", "auth") else {})}
        client = await HubClient(server.url, headers=stranger.headers).dial()
        for said in (*([] if kind == "hello" else [frame]), {"type": "hello", **given}, frame):
            await client.send(said)
        assert await client.until_closed() == stranger.close, stranger.why
        assert {heard["type"] for heard in client.frames} <= {"error"}, stranger.why
        await client.close()
    assert await db(fresh, alice) == before


async def test_a_refused_auth_changes_nothing(strangers: list[Credential], connect: Connect, alice_token: str) -> None:
    client = await connect()
    tokens = [stranger.token for stranger in strangers if stranger.token and not stranger.headers]
    for token in tokens:
        await client.send({"type": "auth", "token": token})
    await client.until(lambda: len(client.of_type("error")) == len(tokens))
    assert {error["code"] for error in client.of_type("error")} == {"unauthorised"}
    assert client.code is None


async def test_an_event_stream_is_refused_as_a_socket_is(strangers: list[Credential], listen: Listen) -> None:
    for stranger in strangers:
        client = await listen(token=stranger.token, headers=stranger.headers)
        expected = 403 if stranger.close == Close.FORBIDDEN else 401
        assert (client.status, client.problem["status"]) == (expected, expected), stranger.why
        assert not client.frames


async def test_the_items_of_others_are_nobodys(
    connect: Connect, db: Db, alice: Subscriber, bob: Subscriber, charlie: Subscriber
) -> None:
    """Marks of another user's item and of another tenant's are answered as of nobody's, and change nothing."""
    for subscriber in (alice, bob, charlie):
        await db(send, subscriber.tenant, subscriber.external_id)
    before = [await db(fresh, subscriber) for subscriber in (alice, bob, charlie)]
    (bobs,), (charlies,) = before[1][0], before[2][0]
    client = await connect()
    fields = FIELDS | {"snooze": {"until": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}}
    for op in OPS:
        answers = [await client.mark(op, item, **fields.get(op, {})) for item in (bobs, charlies, str(uuid7()))]
        first, *others = [{name: value for name, value in answer.items() if name != "id"} for answer in answers]
        assert others == [first, first], op
        assert first["type"] == "receipt", first
        assert first["changed"] == 0
    await client.send({"type": "ack", "seq": 2**40, "focused": True})
    await client.sync()
    await client.until(lambda: bool(client.of_type("batch")))
    assert [await db(fresh, subscriber) for subscriber in (bob, charlie)] == before[1:]
