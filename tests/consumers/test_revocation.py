"""Who may no longer stay is out: at once when Redis carries the word, and at the next look at the record without it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from consumers import connection as live_connection
from consumers import edge
from hub import live
from hub.audience.erasure import erase_subscriber
from hub.audience.models import Subscriber
from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.revocation import Credential, revoke_tokens, standings
from hub.tenancy.services import revoke_signing_key, suspend_tenant
from tests.consumers.conftest import Connect, Db, Server, token_of, until
from tests.support.factories import make_subscriber, send


def revoke(alice: Subscriber) -> None:
    revoke_tokens(tenant=alice.tenant, external_id=alice.external_id)


def erase(alice: Subscriber) -> None:
    erase_subscriber(tenant=alice.tenant, external_id=alice.external_id)


def suspend(alice: Subscriber) -> None:
    suspend_tenant(tenant=alice.tenant)


def revoke_key(alice: Subscriber) -> None:
    revoke_signing_key(tenant=alice.tenant, key_id=SigningKey.objects.get(tenant=alice.tenant_id).pk)


ENDS = [(revoke, 4510), (erase, 4510), (suspend, 4503), (revoke_key, 4510)]


@pytest.mark.parametrize(("end", "code"), ENDS)
async def test_out_at_once(
    settings: Settings, connect: Connect, db: Db, alice: Subscriber, end: Callable[[Subscriber], None], code: int
) -> None:
    settings.HUB = {"head_check_interval": 60}
    tabs = [await connect(), await connect()]
    await db(end, alice)
    assert [await tab.until_closed() for tab in tabs] == [code, code]


@pytest.mark.parametrize(("end", "code"), ENDS)
async def test_out_without_redis(
    settings: Settings,
    connect: Connect,
    db: Db,
    alice: Subscriber,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Subscriber], None],
    code: int,
) -> None:
    settings.HUB = {"head_check_interval": 0.3}
    client = await connect()
    monkeypatch.setattr(live, "recheck", lambda **_: None)
    await db(end, alice)
    assert await client.until_closed() == code


async def test_nobody_else_is_out(
    settings: Settings, connect: Connect, db: Db, alice: Subscriber, bob: Subscriber, charlie: Subscriber
) -> None:
    settings.HUB = {"head_check_interval": 60}
    hers = await connect()
    his, strangers = [await connect(token=await db(token_of, who)) for who in (bob, charlie)]
    await db(revoke, alice)
    await hers.until_closed()
    await db(suspend, bob)
    await his.until_closed()
    await db(send, charlie.tenant, "charlie")
    await strangers.until_last(1)
    assert (hers.code, his.code, strangers.code) == (4510, 4503, None)


async def test_a_token_from_after_the_revocation_keeps_its_socket(
    settings: Settings, connect: Connect, db: Db, tenant: Tenant, alice: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HUB = {"head_check_interval": 60}
    recheck = live.recheck
    old, refreshed = await connect(), await connect()
    monkeypatch.setattr(live, "recheck", lambda **_: None)
    await db(revoke, alice)
    await refreshed.send({"type": "auth", "token": await db(token_of, alice)})
    # frames are obeyed in order: its error says that the one before has been carried out
    await refreshed.send({"type": "auth"})
    await refreshed.until(lambda: bool(refreshed.of_type("error")))
    new = await connect(token=await db(token_of, alice))
    await db(recheck, subscribers=[alice.pk])
    assert await old.until_closed() == 4510
    await db(send, tenant, "alice")
    for client in (refreshed, new):
        await client.until_last(1)
        assert client.code is None


def log_out(alice: Subscriber) -> None:
    assert alice.user is not None
    alice.user.set_password("another, which ends every session")
    alice.user.save()


def deactivate(alice: Subscriber) -> None:
    User.objects.filter(pk=alice.user_id).update(is_active=False)


def unlink(alice: Subscriber) -> None:
    Subscriber.objects.filter(pk=alice.pk).update(user=None)
    live.recheck(subscribers=[alice.pk])


@pytest.mark.parametrize(
    ("end", "code"), [(log_out, 4501), (deactivate, 4501), (unlink, 4510), (revoke, 4510), (suspend, 4503)]
)
async def test_sessions_end_too(
    settings: Settings,
    connect: Connect,
    db: Db,
    alice: Subscriber,
    server: Server,
    session_cookie: str,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Subscriber], None],
    code: int,
) -> None:
    settings.HUB = {"head_check_interval": 60}
    monkeypatch.setattr(live_connection, "SESSION_CHECK", 0.5 if code == 4501 else 60)
    client = await connect(token=None, headers={"Cookie": session_cookie, "Origin": server.http})
    await db(end, alice)
    assert await client.until_closed() == code


async def test_a_session_that_still_counts_stays(
    connect: Connect,
    db: Db,
    tenant: Tenant,
    server: Server,
    session_cookie: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    identify = live_connection.identify
    monkeypatch.setattr(live_connection, "SESSION_CHECK", 0.1)
    monkeypatch.setattr(live_connection, "identify", lambda *args: asked.append(args) or identify(*args))
    client = await connect(token=None, headers={"Cookie": session_cookie, "Origin": server.http})
    await until(lambda: len(asked) >= 4)
    await db(send, tenant, "alice")
    await client.until_last(1)
    assert client.code is None


async def test_the_record_is_asked_once_for_everybody(
    settings: Settings, connect: Connect, db: Db, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HUB = {"head_check_interval": 0.3}
    asked: list[list[Credential]] = []
    monkeypatch.setattr(edge, "standings", lambda part: asked.append(list(part)) or standings(part))
    people = [await db(make_subscriber, tenant) for _ in range(5)]
    for who in [*people, *people]:
        await connect(token=await db(token_of, who))
    asked.clear()
    await until(lambda: len(asked) >= 2)
    assert {credential.subscriber_id for credential in asked[1]} == {who.pk for who in people}
    assert len(asked[1]) == 5


def test_standings_is_one_query(alice: Subscriber, bob: Subscriber) -> None:
    with CaptureQueriesContext(connection) as queries:
        standings([Credential(alice.pk), Credential(bob.pk, user_id="7")])
    assert len(queries) == 1
