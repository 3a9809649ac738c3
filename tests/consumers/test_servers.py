"""The whole ASGI application under both servers that it is made for, in processes of their own."""

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
from hub.tenancy.models import Tenant
from project.stack.ports import free_port
from tests.consumers.conftest import Db, fresh
from tests.support.client import HubClient
from tests.support.factories import send

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "uvicorn": ["uvicorn", "project.asgi:application", "--ws", "websockets-sansio", "--port"],
    "daphne": ["daphne", "project.asgi:application", "-b", "127.0.0.1", "-p"],
}


class WebProcess:
    def __init__(self, name: str) -> None:
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
        port = free_port()
        self.url = f"ws://127.0.0.1:{port}/api/v1/ws"
        self._http = f"http://127.0.0.1:{port}/admin/login/"
        self.process = subprocess.Popen(
            [sys.executable, "-m", *COMMANDS[name], str(port)],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": database},
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


@pytest.fixture(params=COMMANDS)
def web(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[WebProcess]:
    web = WebProcess(request.param)
    web.wait_ready()
    yield web
    web.end()


async def test_the_main_job_works_under_either_server(
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
    assert (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, alice)
    await client.send("no frame")
    assert await client.until_closed() == 4500


@pytest.mark.parametrize("web", ["uvicorn"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_deploy_sends_every_client_elsewhere(web: WebProcess, alice_token: str, number: signal.Signals) -> None:
    clients = [await HubClient(web.url, token=alice_token).connect() for _ in range(3)]
    web.process.send_signal(number)
    for client in clients:
        assert await client.until_closed() == 4000
        assert client.frames[-1] == {"type": "goaway", "reason": "deploy", "retry_ms": [0, 5000]}
        await client.close()
    said = await asyncio.to_thread(web.end)
    assert "Traceback" not in said
    assert "rror" not in said.replace("uvicorn.error", "")
