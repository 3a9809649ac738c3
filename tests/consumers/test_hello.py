"""Who gets in, who doesn't, and what each is told."""

from datetime import timedelta

import jwt
import pytest
from django.utils import timezone
from pytest_django import Settings
from websockets.asyncio.client import connect as raw_connect
from websockets.exceptions import InvalidStatus

from hub.audience.models import Subscriber
from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.services import create_signing_key
from tests.consumers.conftest import Connect, Db, Server, origin_of, token_of
from tests.support.client import HubClient
from tests.support.site import running_site

# nobody is let in by a channel layer: one will do
pytestmark = pytest.mark.parametrize("layer", ["direct"], indirect=True)


async def close_of(client: HubClient) -> tuple[int, bool]:
    """The close code, and whether `ready` came first."""
    return await client.until_closed(), bool(client.ready)


async def test_ready_says_where_the_stream_stands(connect: Connect, alice: Subscriber) -> None:
    client = await connect()
    assert client.ready["subscriber"] == "alice"
    assert client.ready["cursor"].endswith(":0")
    assert client.ready["recovered"] is True
    assert client.ready["counts"] == {"unread": 0, "unseen": 0}
    assert client.ready["ping_ms"] == 25_000
    assert client.ready["expires_at"].endswith("Z")


async def test_a_subscriber_unknown_so_far_is_made(connect: Connect, db: Db, tenant: Tenant) -> None:
    newcomer = Subscriber(tenant=tenant, external_id="newcomer")
    client = await connect(token=await db(token_of, newcomer))
    assert client.ready["subscriber"] == "newcomer"


@pytest.mark.parametrize("frame", [b"{}", "{", "[]", "x" * 16_385])
async def test_what_is_no_frame_ends_the_socket(connect: Connect, frame: str | bytes) -> None:
    client = await connect()
    await client.send(frame)
    assert await close_of(client) == (4500, True)


async def test_nonsense_before_and_after_hello_is_survived(server: Server, alice_token: str) -> None:
    client = await HubClient(server.url).dial()
    for frame in ({"type": "ack", "seq": 1}, {"type": 7}, {"type": "tomorrow"}):
        await client.send(frame)
    await client.send({"type": "hello", "token": alice_token, "hm": "ignored"})
    await client.until(lambda: bool(client.ready))
    await client.send({"type": "hello", "token": alice_token})
    await client.until(lambda: len(client.of_type("error")) == 3)
    assert {frame["code"] for frame in client.of_type("error")} == {"invalid_request"}
    assert client.code is None
    await client.close()


async def test_a_token_that_is_none(connect: Connect) -> None:
    client = await connect(token="none", ready=False)
    assert await close_of(client) == (4501, False)


async def test_no_token_and_no_session(connect: Connect) -> None:
    client = await connect(token=None, ready=False)
    assert await close_of(client) == (4503, False)


async def test_an_expired_token_comes_back_with_a_new_one(connect: Connect, db: Db, alice_token: str) -> None:
    claims = jwt.decode(alice_token, options={"verify_signature": False})
    claims["exp"] = claims["iat"] - 60
    # signed again by the tenant's key
    key = await db(SigningKey.objects.get, pk=jwt.get_unverified_header(alice_token)["kid"])
    expired = jwt.encode(claims, key.key, algorithm=key.algorithm, headers={"kid": str(key.pk)})
    client = await connect(token=expired, ready=False)
    assert await close_of(client) == (4010, False)


async def test_revoked_tokens_stay_out(connect: Connect, db: Db, alice: Subscriber, alice_token: str) -> None:
    valid_after = timezone.now() + timedelta(seconds=5)
    await db(Subscriber.objects.filter(pk=alice.pk).update, tokens_valid_after=valid_after)
    client = await connect(token=alice_token, ready=False)
    assert await close_of(client) == (4510, False)


async def test_a_suspended_tenant(connect: Connect, db: Db, tenant: Tenant, alice_token: str) -> None:
    await db(Tenant.objects.filter(pk=tenant.pk).update, status="suspended")
    client = await connect(token=alice_token, ready=False)
    assert await close_of(client) == (4503, False)


@pytest.mark.parametrize(
    ("listed", "origin", "code"),
    [
        ([], "https://anywhere.example", None),
        (["https://app.example"], None, None),
        (["https://app.example"], "https://app.example", None),
        (["https://app.example"], "same", None),
        (["https://app.example"], "https://evil.example", 4503),
        (["https://app.example"], "null", 4503),
        (["https://app.example"], "http://[x", 4503),
    ],
)
async def test_origins_of_token_sockets(
    connect: Connect, db: Db, server: Server, tenant: Tenant, listed: list[str], origin: str | None, code: int | None
) -> None:
    await db(Tenant.objects.filter(pk=tenant.pk).update, allowed_origins=listed)
    client = await connect(headers=origin_of(server, origin))
    assert client.code == code
    assert bool(client.ready) is (code is None)


@pytest.mark.parametrize(
    ("listed", "origin", "code"),
    [
        ([], "same", None),
        (["https://app.example"], "https://app.example", None),
        ([], "https://app.example", 4503),
        ([], None, 4503),
        ([], "null", 4503),
    ],
)
async def test_origins_of_session_sockets(
    connect: Connect,
    db: Db,
    server: Server,
    tenant: Tenant,
    session_cookie: str,
    listed: list[str],
    origin: str | None,
    code: int | None,
) -> None:
    await db(Tenant.objects.filter(pk=tenant.pk).update, allowed_origins=listed)
    client = await connect(token=None, headers={"Cookie": session_cookie} | origin_of(server, origin))
    assert client.code == code
    assert (client.ready.get("subscriber"), "expires_at" in client.ready) == ("alice" if code is None else None, False)


async def test_a_session_of_nobody(connect: Connect, server: Server) -> None:
    headers = origin_of(server, "same") | {"Cookie": "sessionid=guessed"}
    client = await connect(token=None, headers=headers, ready=False)
    assert await close_of(client) == (4501, False)


async def test_a_session_of_somebody_without_an_inbox(
    connect: Connect, db: Db, server: Server, alice: Subscriber, session_cookie: str
) -> None:
    await db(Subscriber.objects.filter(pk=alice.pk).update, user=None)
    headers = origin_of(server, "same") | {"Cookie": session_cookie}
    client = await connect(token=None, headers=headers, ready=False)
    assert await close_of(client) == (4501, False)


async def test_nothing_else_is_served(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await raw_connect(server.url + "/nowhere", subprotocols=["hub.v1"], proxy=None)  # type: ignore[list-item]
    assert refusal.value.response.status_code == 403


async def test_an_issuer_that_is_down_is_no_verdict(
    settings: Settings, connect: Connect, db: Db, alice: Subscriber
) -> None:
    with running_site() as site:
        site.status = 500
        settings.HUB = {"outbound_exempt": (site.host,), "jwks_refetch": 0}
        await db(create_signing_key, tenant=alice.tenant, algorithm="RS256", jwks_url=site.url)
        claims = jwt.decode(await db(token_of, alice), options={"verify_signature": False})
        token = jwt.encode(claims, "s" * 32, headers={"kid": "published"})
        assert await close_of(await connect(token=token, ready=False)) == (4000, False)
        site.status, site.body = 200, b'{"keys": []}'
        assert await close_of(await connect(token=token, ready=False)) == (4501, False)
