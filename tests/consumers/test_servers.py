"""The whole ASGI application in processes of its own: under both servers that it is made for, and on the stock layer.

What is served must be the same. Only backpressure is uvicorn's alone.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.inbox.services import mark
from hub.presence import connected
from hub.tenancy.models import Tenant
from hub.tenancy.revocation import revoke_tokens
from hub.tenancy.services import suspend_tenant
from project.stack.ports import free_port
from tests.chaos.changed import settings
from tests.consumers.conftest import LAYERS, Db, fresh, soon, token_of
from tests.support.client import HubClient
from tests.support.events import EventClient
from tests.support.factories import send

ROOT = Path(__file__).parents[2]
UVICORN = ["uvicorn", "project.asgi:application", "--ws", "websockets-sansio", "--port"]
DAPHNE = ["daphne", "project.asgi:application", "-b", "127.0.0.1", "-p"]
SERVED = {
    "uvicorn": (UVICORN, LAYERS["direct"]),
    "daphne": (DAPHNE, LAYERS["direct"]),
    "stock layer": (UVICORN, LAYERS["stock"]),
}


class WebProcess:
    def __init__(self, name: str) -> None:
        command, layer = SERVED[name]
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
        port = free_port()
        self.url = f"ws://127.0.0.1:{port}/api/v1/ws"
        self.events = f"http://127.0.0.1:{port}/api/v1/inbox/events"
        self._http = f"http://127.0.0.1:{port}/admin/login/"
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command, str(port)],
            cwd=ROOT,
            env=os.environ | settings(layer) | {"DATABASE_URL": database},
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(self._http, timeout=10):
                    return
            except OSError:
                assert self.process.poll() is None, self.end()
                time.sleep(0.1)
        raise AssertionError(f"the server doesn't answer: {self.end()}")

    def end(self) -> str:
        """SIGTERM; returns what it said."""
        self.process.terminate()
        return "".join(self.process.communicate(timeout=30))


@pytest.fixture(scope="module", params=SERVED)
def web(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[WebProcess]:
    """One process for all tests of a server."""
    web = WebProcess(request.param)
    web.wait_ready()
    yield web
    said = web.end()
    assert "Traceback" not in said, said


async def test_hello_resume_mark_and_receipt(
    web: WebProcess, db: Db, tenant: Tenant, alice: Subscriber, alice_token: str
) -> None:
    client = await HubClient(web.url, token=alice_token).connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    assert (await client.mark("read", *client.inbox.items))["changed"] == 1
    await client.cut()
    await db(send, tenant, "alice")
    await client.connect()
    await client.until_last(3)
    assert client.ready["recovered"] is True
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)
    await client.close()


async def test_sync_and_ack(web: WebProcess, db: Db, tenant: Tenant, alice: Subscriber, alice_token: str) -> None:
    client = await HubClient(web.url, token=alice_token).connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    await client.send({"type": "sync", "cursor": f"{client.epoch}:0"})
    await client.until(lambda: bool(client.of_type("batch")))
    assert [len(batch["items"]) for batch in client.of_type("batch")] == [1]
    await client.send({"type": "ack", "seq": 1})

    async def is_postponed() -> bool:
        return bool(await db(Delivery.objects.filter(subscriber=alice, postponed=True).exists))

    await soon(is_postponed)
    await client.close()


@pytest.mark.parametrize(
    ("subprotocols", "frames", "code"),
    [
        ((), [], 4506),
        (("hub.v1",), [b"binary"], 4500),
        (("hub.v1",), ["x" * 16_385], 4500),
        (("hub.v1",), ['{"type":"hello","token":"none"}'], 4501),
        (("hub.v1",), ['{"type":"hello"}'], 4503),
        (("hub.v1",), ['{"type":"pong"}'] * 80, 4029),
    ],
)
async def test_closes(
    web: WebProcess, subprotocols: tuple[str, ...], frames: list[str | bytes], code: int, transactional_db: None
) -> None:
    client = await HubClient(web.url).dial(subprotocols)
    for frame in frames:
        await client.send(frame)
    assert await client.until_closed() == code
    await client.close()


async def test_who_may_not_stay_is_out_on_sockets_and_streams(
    web: WebProcess, db: Db, tenant: Tenant, alice: Subscriber, bob: Subscriber
) -> None:
    old, short, his = await db(token_of, alice), await db(token_of, alice, 1), await db(token_of, bob)
    clients = [await HubClient(web.url, token=old).connect(), await EventClient(web.events, token=old).connect()]
    expiring = [await HubClient(web.url, token=short).connect(), await EventClient(web.events, token=short).connect()]
    others = [await HubClient(web.url, token=his).connect(), await EventClient(web.events, token=his).connect()]
    assert [await client.until_closed() for client in expiring] == [4010, 4010]
    await db(revoke_tokens, tenant=tenant, external_id="alice")
    assert [await client.until_closed() for client in clients] == [4510, 4510]
    await db(suspend_tenant, tenant=tenant)
    assert [await client.until_closed() for client in others] == [4503, 4503]
    for client in [*clients, *expiring, *others]:
        await client.close()


async def test_a_stream_resumes_and_its_end_is_noticed(
    web: WebProcess, db: Db, tenant: Tenant, alice: Subscriber, alice_token: str
) -> None:
    client = await EventClient(web.events, token=alice_token).connect()
    await db(send, tenant, "alice")
    await client.until_last(1)
    await db(mark, subscriber_id=alice.pk, request={"op": "read", "all": True, "upto": 1}, origin="rest")
    await client.until_last(2)
    await client.cut()

    async def is_absent() -> bool:
        return not await db(connected, [alice.pk])

    await soon(is_absent)
    await db(send, tenant, "alice")
    await client.connect()
    await client.until_last(3)
    assert client.ready["recovered"] is True
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)
    await client.close()
    stranger = await EventClient(web.events, token="none").connect()
    assert (stranger.status, stranger.problem["code"]) == (401, "token_malformed")
    await stranger.close()


@pytest.fixture
def deployed(transactional_db: None) -> Iterator[WebProcess]:
    """A process that a test may end."""
    web = WebProcess("uvicorn")
    web.wait_ready()
    yield web
    web.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_deploy_sends_every_client_elsewhere(
    deployed: WebProcess, alice_token: str, number: signal.Signals
) -> None:
    clients = [await HubClient(deployed.url, token=alice_token).connect() for _ in range(3)]
    deployed.process.send_signal(number)
    for client in clients:
        assert await client.until_closed() == 4000
        assert client.frames[-1] == {"type": "goaway", "reason": "deploy", "retry_ms": [0, 5000]}
        await client.close()
    said = await asyncio.to_thread(deployed.end)
    assert "Traceback" not in said
    assert "rror" not in said.replace("uvicorn.error", "")
