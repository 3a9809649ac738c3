"""Every close code can be had, each in its own way. A code without a case fails here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import Settings

from consumers.frames import Close
from hub.audience.models import Subscriber
from hub.tenancy.revocation import revoke_tokens
from tests.consumers.conftest import Connect, Db, Server, token_of
from tests.consumers.test_limits import drain, flood, stuck
from tests.support.client import HubClient

pytestmark = pytest.mark.parametrize("layer", ["direct"], indirect=True)
TABLE = Path(__file__).parents[2] / "docs" / "live-edge.md"


@dataclass
class Scene:
    connect: Connect
    db: Db
    server: Server
    settings: Settings
    alice: Subscriber
    bob: Subscriber
    token: str

    async def dial(self, *subprotocols: str) -> HubClient:
        return await HubClient(self.server.url).dial(subprotocols)


@pytest.fixture
def scene(
    connect: Connect, db: Db, server: Server, settings: Settings, alice: Subscriber, bob: Subscriber, alice_token: str
) -> Scene:
    return Scene(connect, db, server, settings, alice, bob, alice_token)


async def going_away(scene: Scene) -> int:
    client = await scene.connect()
    await asyncio.to_thread(scene.server.stop)
    code = await client.until_closed()
    assert client.frames[-1] == {"type": "goaway", "reason": "deploy", "retry_ms": [0, 5000]}
    return code


async def slow_consumer(scene: Scene) -> int:
    scene.settings.HUB = {"socket_queue": 8}
    slow, quick = await stuck(scene.server, scene.token), await scene.connect()
    for sent in range(4, 301, 4):
        await flood(scene.alice, 4)
        await quick.until(lambda sent=sent: len(quick.of_type("noise")) == sent)
    return (await drain(slow))[1] or 0


async def no_pong(scene: Scene) -> int:
    scene.settings.HUB = {"ping_interval": 0.1}
    client = await scene.connect()
    client.answers_pings = False
    return await client.until_closed()


async def hello_timeout(scene: Scene) -> int:
    scene.settings.HUB = {"hello_timeout": 0.1}
    return await hung_up(await scene.dial("hub.v1"))


async def sequence_lost(scene: Scene) -> int:
    client = await scene.connect()
    await client.send({"type": "sync", "cursor": "ffffffff:1"})
    code = await client.until_closed()
    assert client.frames[-1]["code"] == "sequence_lost"
    return code


async def token_expired(scene: Scene) -> int:
    return await (await scene.connect(token=await scene.db(token_of, scene.alice, 1))).until_closed()


async def too_fast(scene: Scene) -> int:
    client = await scene.connect()
    for _ in range(200):
        await client.send({"type": "pong"})
    return await client.until_closed()


async def bad_frame(scene: Scene) -> int:
    client = await scene.connect()
    await client.send("[]")
    return await client.until_closed()


async def unauthorised(scene: Scene) -> int:
    return await (await scene.connect(token="none", ready=False)).until_closed()


async def forbidden(scene: Scene) -> int:
    return await (await scene.connect(token=None, ready=False)).until_closed()


async def wrong_subprotocol(scene: Scene) -> int:
    return await hung_up(await scene.dial())


async def too_many(scene: Scene) -> int:
    scene.settings.HUB = {"connections_per_subscriber": 2}
    first = [await scene.connect(), await scene.connect()]
    code = await (await scene.connect(ready=False)).until_closed()
    his = await scene.connect(token=await scene.db(token_of, scene.bob))
    assert [client.code for client in [*first, his]] == [None, None, None]
    return code


async def revoked(scene: Scene) -> int:
    client = await scene.connect()
    await scene.db(revoke_tokens, tenant=scene.alice.tenant, external_id="alice")
    return await client.until_closed()


async def hung_up(client: HubClient) -> int:
    code = await client.until_closed()
    assert not client.ready
    await client.close()
    return code


CASES: dict[Close, Callable[[Scene], Awaitable[int]]] = {
    Close.GOING_AWAY: going_away,
    Close.SLOW_CONSUMER: slow_consumer,
    Close.NO_PONG: no_pong,
    Close.HELLO_TIMEOUT: hello_timeout,
    Close.SEQUENCE_LOST: sequence_lost,
    Close.TOKEN_EXPIRED: token_expired,
    Close.TOO_FAST: too_fast,
    Close.BAD_FRAME: bad_frame,
    Close.UNAUTHORISED: unauthorised,
    Close.FORBIDDEN: forbidden,
    Close.SUBPROTOCOL: wrong_subprotocol,
    Close.TOO_MANY: too_many,
    Close.REVOKED: revoked,
}


@pytest.mark.parametrize("close", Close)
async def test_it_can_be_had(scene: Scene, close: Close) -> None:
    assert await CASES[close](scene) == close


def test_the_table_has_each_code_and_its_range_says_whether_to_come_back(layer: str) -> None:
    rows = [line.strip("| ").split(" | ") for line in TABLE.read_text().splitlines() if line.startswith("| 4")]
    told = {int(row[0]): row[-1].startswith("comes back") for row in rows}
    assert told == {int(close): close < 4500 for close in Close}
