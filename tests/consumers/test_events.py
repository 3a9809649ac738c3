"""The event stream: a socket's frames for who can only read HTTP, with its rules of who gets in, and who may stay."""

import asyncio

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from consumers import events
from consumers.edge import current_edge
from hub.audience.models import Subscriber
from hub.inbox.services import mark
from hub.live import user_group
from hub.presence import connected
from hub.tenancy.models import Tenant
from hub.tenancy.revocation import revoke_tokens
from tests.consumers.conftest import Connect, Db, Listen, Server, fresh, origin_of, soon, token_of
from tests.support.events import EventClient
from tests.support.factories import send

pytestmark = pytest.mark.parametrize("layer", ["direct"], indirect=True)


@pytest.fixture
def epoch(alice: Subscriber) -> str:
    """Of Alice's stream."""
    return alice.stream.epoch


async def test_the_frames_of_a_socket_as_events(
    listen: Listen, db: Db, tenant: Tenant, alice: Subscriber, epoch: str
) -> None:
    client = await listen()
    assert client.headers["Content-Type"] == "text/event-stream"
    assert client.headers["Cache-Control"] == "no-store"
    assert client.headers["X-Request-Id"]
    assert client.retry is not None
    assert client.retry in range(events.RETRY_MS[0], events.RETRY_MS[1] + 1)
    assert client.ready["cursor"] == client.cursor == f"{epoch}:0"
    await db(send, tenant, "alice", title="Hello Alice")
    await client.until_last(1)
    (item_id,) = client.inbox.items
    assert client.inbox.items[item_id]["title"] == "Hello Alice"
    await db(mark, subscriber_id=alice.pk, request={"op": "read", "ids": [item_id]}, origin="rest")
    await client.until_last(2)
    assert [frame["type"] for frame in client.frames] == ["ready", "notification", "state"]
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)


async def test_a_stream_and_a_socket_side_by_side(listen: Listen, connect: Connect, db: Db, tenant: Tenant) -> None:
    stream, socket = await listen(), await connect()
    for _ in range(20):
        await db(send, tenant, "alice")
    for client in (stream, socket):
        await client.until_last(20)
    assert stream.frames[1:] == socket.frames[1:]


async def test_last_event_id_resumes_without_a_gap(listen: Listen, db: Db, tenant: Tenant, alice: Subscriber) -> None:
    client = await listen()
    for cut_at in (1, 4, 7):
        await client.until_last(cut_at - 1)
        await db(send, tenant, "alice")
        await client.until_last(cut_at)
        await client.cut()
        for _ in range(2):
            await db(send, tenant, "alice")
        await client.connect()
        assert client.ready["recovered"] is True
    await client.until_last(9)
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)


async def test_a_resume_may_be_cut_amid_its_batches(
    listen: Listen, db: Db, tenant: Tenant, epoch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.session.BATCH", 3)
    client = await listen()
    start = client.cursor
    await client.close()
    for _ in range(10):
        await db(send, tenant, "alice")
    whole = await listen(cursor=start)
    await whole.until_last(10)
    assert [len(batch["items"]) for batch in whole.of_type("batch")] == [3, 3, 3, 1]
    for items in (3, 6, 9):
        # the ids of unfinished batches are those of their last items
        rest = await listen(cursor=f"{epoch}:{items}")
        await rest.until_last(10)
        assert sum(len(batch["items"]) for batch in rest.of_type("batch")) == 10 - items


@pytest.mark.parametrize("cursor", ["nonsense", "ffffffff:1", "{epoch}:99"])
async def test_a_cursor_that_cannot_be_resumed_from(
    listen: Listen, db: Db, server: Server, tenant: Tenant, epoch: str, cursor: str
) -> None:
    await db(send, tenant, "alice")
    client = await listen(f"{server.events}?cursor={cursor.format(epoch=epoch)}")
    assert client.ready["recovered"] is False
    assert client.cursor == client.ready["cursor"] == f"{epoch}:1"


async def test_the_header_of_a_reconnecting_event_source_beats_its_old_address(
    listen: Listen, db: Db, server: Server, tenant: Tenant, epoch: str
) -> None:
    for _ in range(3):
        await db(send, tenant, "alice")
    client = await listen(f"{server.events}?cursor={epoch}:0", cursor=f"{epoch}:2")
    await client.until_last(3)
    assert len(client.inbox.items) == 1


async def test_silence_is_broken_by_comments(settings: Settings, listen: Listen) -> None:
    settings.HUB = {"ping_interval": 0.1}
    client = await listen()
    await client.until(lambda: client.beats >= 4)
    assert [frame["type"] for frame in client.frames] == ["ready"]


def problem(client: EventClient) -> tuple[int, str]:
    assert client.headers["Content-Type"] == "application/problem+json"
    assert client.problem["request_id"] == client.headers["X-Request-Id"]
    assert client.problem["instance"] == events.PATH
    return client.status, client.problem["code"]


async def test_refusals_are_those_of_the_rest_api(listen: Listen, server: Server, alice_token: str) -> None:
    nobody = await listen(token=None)
    assert problem(nobody) == (403, "forbidden")
    assert problem(await listen(token=None, headers=origin_of(server, "same"))) == (401, "unauthorised")
    stranger = await listen(token="none")
    assert problem(stranger) == (401, "token_malformed")
    assert stranger.headers["WWW-Authenticate"].startswith("Bearer")
    assert problem(await listen(token="hub_12345678_")) == (401, "token_malformed")
    in_the_address = await listen(f"{server.events}?token={alice_token}", token=None)
    assert problem(in_the_address) == (422, "invalid_request")
    assert in_the_address.problem["errors"][0]["field"] == "token"


async def test_a_suspended_tenant_and_revoked_tokens(listen: Listen, db: Db, tenant: Tenant, alice: Subscriber) -> None:
    await db(Tenant.objects.filter(pk=tenant.pk).update, status="suspended")
    assert problem(await listen()) == (403, "forbidden")
    await db(Tenant.objects.filter(pk=tenant.pk).update, status="active")
    await db(revoke_tokens, tenant=tenant, external_id="alice")
    assert problem(await listen()) == (401, "token_revoked")


@pytest.mark.parametrize(
    ("listed", "origin", "status", "shared"),
    [
        ([], None, 200, False),
        ([], "https://app.example", 200, False),
        (["https://app.example"], "https://app.example", 200, True),
        (["https://app.example"], "same", 200, False),
        (["https://app.example"], "https://evil.example", 403, False),
    ],
)
async def test_which_pages_may_read(
    listen: Listen,
    db: Db,
    server: Server,
    tenant: Tenant,
    listed: list[str],
    origin: str | None,
    status: int,
    shared: bool,
) -> None:
    await db(Tenant.objects.filter(pk=tenant.pk).update, allowed_origins=listed)
    client = await listen(headers=origin_of(server, origin))
    assert client.status == status
    assert client.headers.get("Access-Control-Allow-Origin") == (origin if shared else None)


async def test_a_listed_page_may_read_why_it_was_refused(listen: Listen, db: Db, tenant: Tenant) -> None:
    await db(Tenant.objects.filter(pk=tenant.pk).update, allowed_origins=["https://app.example"])
    client = await listen(token="none", headers={"Origin": "https://app.example"})
    assert (client.status, client.headers["Access-Control-Allow-Origin"]) == (401, "https://app.example")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://app.example"}, 200),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({}, 403),
    ],
)
async def test_pages_with_a_session_cookie(
    listen: Listen, db: Db, tenant: Tenant, session_cookie: str, headers: dict[str, str], status: int
) -> None:
    await db(Tenant.objects.filter(pk=tenant.pk).update, allowed_origins=["https://app.example"])
    client = await listen(token=None, headers={"Cookie": session_cookie} | headers)
    assert client.status == status
    assert client.ready.get("subscriber") == ("alice" if status == 200 else None)


async def test_revoked_expired_and_sent_elsewhere(
    listen: Listen, db: Db, tenant: Tenant, alice: Subscriber, bob: Subscriber, charlie: Subscriber, server: Server
) -> None:
    hers = await listen()
    ending = await listen(token=await db(token_of, bob, 2))
    his = await listen(token=await db(token_of, charlie))
    await db(revoke_tokens, tenant=tenant, external_id="alice")
    assert await hers.until_closed() == 4510
    assert await ending.until_closed() == 4010
    await asyncio.to_thread(server.stop)
    assert await his.until_closed() == 4000
    assert his.frames[-1] == {"type": "goaway", "reason": "deploy", "retry_ms": [0, 5000]}


async def test_a_process_that_is_about_to_end_lets_nobody_in(listen: Listen, server: Server, connect: Connect) -> None:
    server.call(lambda: setattr(current_edge(), "draining", True))
    client = await listen()
    assert problem(client) == (503, "unavailable")
    assert client.headers["Retry-After"] == "1"
    assert await (await connect(ready=False)).until_closed() == 4000


async def test_presence_ends_with_the_stream(listen: Listen, db: Db, alice: Subscriber) -> None:
    client = await listen()

    async def is_present() -> bool:
        return bool(await db(connected, [alice.pk]))

    async def is_absent() -> bool:
        return not await is_present()

    await soon(is_present)
    await client.cut()
    await soon(is_absent)


async def test_a_reader_that_does_not_read_is_cut_off(
    settings: Settings, server: Server, connect: Connect, alice: Subscriber, alice_token: str
) -> None:
    settings.HUB = {"socket_queue": 8}
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.http.rpartition(":")[2]), limit=2**16)
    writer.write(f"GET {events.PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice_token}\r\n\r\n".encode())
    await reader.readuntil(b'"type":"ready"')
    quick = await connect()
    layer = get_channel_layer()
    for sent in range(1, 301):
        frame = {"type": "noise", "x": "x" * 65_536}
        await layer.group_send(user_group(alice.pk), {"type": "hub.frame", "frame": frame})
        # in step with the quick one, which would otherwise be a slow one too on a busy machine
        await quick.until(lambda sent=sent: len(quick.of_type("noise")) == sent)
    rest = await asyncio.wait_for(reader.read(-1), 20)
    assert rest.count(b'"noise"') < 300
    assert b'event: close\ndata: {"code":4001,' in rest
    writer.close()
    await writer.wait_closed()


async def test_line_breaks_of_somebody_elses_frame_do_not_break_the_stream(
    listen: Listen, db: Db, alice: Subscriber
) -> None:
    client = await listen()
    layer = get_channel_layer()
    frame = b'{"type":\r\n\n"typing",\r"who": "bob"}'
    await layer.group_send(user_group(alice.pk), {"type": "hub.frame", "frame": frame})
    await client.until(lambda: len(client.frames) == 2)
    assert client.frames[1] == {"type": "typing", "who": "bob"}
