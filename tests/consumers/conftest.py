"""The live edge under a real uvicorn in a thread, over the direct layer and over channels-redis's own."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
import pytest_asyncio
import uvicorn
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.test import Client
from pytest_django import Settings

from consumers.asgi import with_live_edge
from consumers.edge import current_edge
from consumers.work import WRITES, in_thread
from hub.audience.models import Subscriber
from hub.inbox.selectors import get_item, list_items
from hub.tenancy import tokens
from tests.support.client import HubClient
from tests.support.events import EventClient

application = with_live_edge(get_asgi_application())
LAYERS = {"direct": "consumers.layer.DirectChannelLayer", "stock": "channels_redis.pubsub.RedisPubSubChannelLayer"}


class Server:
    """Uvicorn on a free port, in a thread with an event loop of its own."""

    def __init__(self) -> None:
        config = uvicorn.Config(
            application,
            port=0,
            ws="websockets-sansio",
            log_config=None,
            ws_max_size=64 * 1024,
            ws_ping_interval=None,
        )
        self._server = uvicorn.Server(config)
        self._factory = config.get_loop_factory()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._factory) as runner:
            self._loop = runner.get_loop()
            runner.run(self._server.serve())

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.http = f"http://127.0.0.1:{port}"
        self.events = f"{self.http}/api/v1/inbox/events"
        self.url = f"ws://127.0.0.1:{port}/api/v1/ws"

    def call(self, function: Callable[[], None]) -> None:
        """Have the server's event loop call a function."""
        self._loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """As a signal does: first send every client elsewhere, then end."""
        if self._thread.is_alive():
            self.call(lambda: current_edge().drain())
            self._server.should_exit = True
            self._thread.join()


def use_layer(settings: Settings, backend: str, **config: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [settings.REDIS_URL]} | config}}


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Which channel layer serves the test."""
    use_layer(settings, LAYERS[request.param])
    return str(request.param)


@pytest.fixture
def server(layer: str, transactional_db: None) -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.stop()


Db = Callable[..., Awaitable[Any]]


@pytest.fixture
def db() -> Db:
    """Calls a synchronous function beside the test's event loop."""

    async def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await in_thread(WRITES, function, *args, **kwargs)

    return call


def token_of(subscriber: Subscriber, ttl: float = 600) -> str:
    return tokens.mint(subscriber=subscriber, ttl=timedelta(seconds=ttl))


@pytest.fixture
def session_cookie(alice: Subscriber) -> str:
    """Alice is logged in to the site that serves the hub."""
    alice.user = User.objects.create_user("alice")
    alice.save()
    browser = Client()
    browser.force_login(alice.user)
    return f"sessionid={browser.cookies['sessionid'].value}"


@pytest.fixture
def alice_token(alice: Subscriber) -> str:
    return token_of(alice)


Connect = Callable[..., Awaitable[HubClient]]


@pytest_asyncio.fixture
async def connect(server: Server, alice_token: str) -> AsyncIterator[Connect]:
    """Opens clients, Alice's unless a token is given, and closes them at the end."""
    clients: list[HubClient] = []

    async def open_one(*, ready: bool = True, **fields: Any) -> HubClient:
        client = HubClient(server.url, **({"token": alice_token} | fields))
        clients.append(client)
        return await client.connect(ready=ready)

    yield open_one
    await asyncio.gather(*(client.close() for client in clients))


Listen = Callable[..., Awaitable[EventClient]]


@pytest_asyncio.fixture
async def listen(server: Server, alice_token: str) -> AsyncIterator[Listen]:
    """Opens event streams, Alice's unless a token is given, and closes them at the end."""
    clients: list[EventClient] = []

    async def open_one(url: str = "", **fields: Any) -> EventClient:
        client = EventClient(url or server.events, **({"token": alice_token} | fields))
        clients.append(client)
        return await client.connect()

    yield open_one
    await asyncio.gather(*(client.close() for client in clients))


def origin_of(server: Server, origin: str | None) -> dict[str, str]:
    """The header of a page of `origin`; "same" is the very host that serves the hub."""
    return {} if origin is None else {"Origin": server.http if origin == "same" else origin}


def fresh(subscriber: Subscriber) -> tuple[dict[str, Any], dict[str, int], str]:
    """The inbox as the record has it: items by id (archived and snoozed ones too), counts, cursor."""
    pages = [list_items(subscriber_id=subscriber.pk, filter=name, limit=100) for name in ("all", "archived", "snoozed")]
    items = {item["id"]: item for page in pages for item in map(orjson.loads, page.items)}
    return items, pages[0].counts.as_dict(), str(pages[0].cursor)


async def soon(happened: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait until something is so. Raises AssertionError when it isn't."""
    deadline = time.monotonic() + seconds
    while not await happened():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.05)


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something is so that needs no waiting to be asked."""

    async def so() -> bool:
        return happened()

    await soon(so)


async def settled(client: HubClient, db: Db, subscriber: Subscriber) -> None:
    """Wait until the client has what a fresh fetch has, and nothing else."""

    async def same() -> bool:
        return (client.inbox.items, client.inbox.counts, client.cursor) == await db(fresh, subscriber)

    await soon(same)


def fetch_of(subscriber: Subscriber, db: Db) -> Callable[[str], Awaitable[Any]]:
    async def fetch(item_id: str) -> Any:
        return orjson.loads(await db(get_item, subscriber_id=subscriber.pk, item_id=item_id))

    return fetch
