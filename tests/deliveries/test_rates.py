"""So many messages a second of an account, and no more, whoever sends them."""

import asyncio
import time

import pytest
from pytest_django import Settings

from deliveries.gate import Gate, gate
from deliveries.providers.errors import Deferred
from tests.support.fake_provider import FakeChat, first, only_first

pytestmark = pytest.mark.usefixtures("two_chats")
FAR = 1e12


def test_an_account_with_a_rate_is_given_a_second_of_it(settings: Settings) -> None:
    only_first(settings, rate=25)
    assert gate.room(first(), flying=10, places=200).places == 15
    assert gate.room(first(), flying=10, places=200).spacing == 1 / 25


def test_a_rate_holds_for_all_processes_together(settings: Settings) -> None:
    only_first(settings, rate=40)
    account = first()

    async def send(its: Gate) -> None:
        provider = FakeChat(account)
        for _ in range(15):
            await its.admit(provider, 1, FAR)

    async def both() -> float:
        began = time.monotonic()
        await asyncio.gather(send(Gate()), send(Gate()))
        return time.monotonic() - began

    # thirty at forty a second, of which a bucket holds four, and each process may have kept a sip of two
    assert asyncio.run(both()) >= (30 - 4 - 2) / 40


def test_who_would_wait_too_long_for_a_rate_is_not_called(settings: Settings) -> None:
    only_first(settings, rate=0.01)
    account = first()

    async def twice() -> None:
        provider = FakeChat(account)
        await gate.admit(provider, 1, time.monotonic() + 30)
        await gate.admit(provider, 1, time.monotonic() + 30)

    with pytest.raises(Deferred) as raised:
        asyncio.run(twice())
    assert 30 < raised.value.retry_after <= 100  # type: ignore[operator]
