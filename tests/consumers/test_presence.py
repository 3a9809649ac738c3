"""Redis knows who has a socket, for as long as they have one and the process lives."""

import asyncio
from uuid import UUID

import pytest
from pytest_django import Settings

from hub.audience.models import Subscriber
from hub.presence import EDGES, connected, redis_client
from tests.consumers.conftest import Connect, Db, soon, token_of

pytestmark = pytest.mark.parametrize("layer", ["direct"], indirect=True)


async def becomes(db: Db, asked: set[UUID], present: set[UUID]) -> None:
    """Wait until Redis says that exactly `present` of `asked` are here."""

    async def so() -> bool:
        return bool(await db(connected, asked) == present)

    await soon(so)


async def test_present_from_the_first_socket_to_the_last(
    connect: Connect, db: Db, alice: Subscriber, bob: Subscriber
) -> None:
    both = {alice.pk, bob.pk}
    one, two = await connect(), await connect()
    await becomes(db, both, {alice.pk})
    his = await connect(token=await db(token_of, bob))
    await becomes(db, both, both)
    await one.close()
    await asyncio.sleep(0.2)
    assert await db(connected, both) == both
    await two.cut()
    await becomes(db, both, {bob.pk})
    await his.close()
    await becomes(db, both, set())
    assert await db(redis_client().zcard, EDGES) == 0


async def test_who_came_and_went_at_once_is_absent(connect: Connect, db: Db, alice: Subscriber) -> None:
    for _ in range(5):
        await (await connect()).close()
    await asyncio.sleep(0.3)
    await becomes(db, {alice.pk}, set())


async def test_a_redis_that_forgot_is_told_again(
    settings: Settings, connect: Connect, db: Db, alice: Subscriber
) -> None:
    settings.HUB = {"presence_refresh": 0.2}
    await connect()
    await becomes(db, {alice.pk}, {alice.pk})
    await db(redis_client().flushdb)
    await becomes(db, {alice.pk}, {alice.pk})


async def test_a_lease_that_nobody_refreshes_ends(
    settings: Settings, connect: Connect, db: Db, alice: Subscriber
) -> None:
    settings.HUB = {"presence_refresh": 60, "presence_lease": 1}
    await connect()
    await becomes(db, {alice.pk}, {alice.pk})
    await becomes(db, {alice.pk}, set())
