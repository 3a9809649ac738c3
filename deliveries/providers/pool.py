"""The providers that this process holds: one for each account, on the process's own event loop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from weakref import WeakKeyDictionary

from deliveries.providers.base import Provider
from deliveries.providers.errors import Configuration, SendError
from hub.conf import conf
from hub.fallback.models import Delivery
from hub.loop import run
from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from hub.trace import log_error

logger = logging.getLogger(__name__)
CLOSING = 5.0


class _Places:
    """Room for calls of one provider: bulk may take three quarters of it, high all."""

    def __init__(self, concurrency: int) -> None:
        places = min(concurrency, conf.delivery_concurrency)
        self.high = asyncio.Semaphore(places)
        self._bulk = asyncio.Semaphore(max(places - max(places // 4, 1), 1))

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[None]:
        async with self._bulk, self.high:
            yield


class Pool:
    """Only ever touched on the loop, so it needs no lock."""

    def __init__(self) -> None:
        self._held: dict[str, Provider] = {}
        self._places: WeakKeyDictionary[Provider, _Places] = WeakKeyDictionary()

    async def get(self, account: Account) -> Provider:
        """The account's provider; a new one when the account was changed. Raises Configuration."""
        held = self._held.get(account.id)
        if held is not None and held.account == account:
            return held
        fresh = self._held[account.id] = _make(account)
        if held is not None:
            await _each([held.close()])
        return fresh

    def places(self, provider: Provider, lane: str) -> AbstractAsyncContextManager[None]:
        """One of the provider's places, once there is one."""
        places = self._places.get(provider) or self._places.setdefault(provider, _Places(provider.concurrency))
        return places.bulk() if lane == Delivery.Lane.BULK else places.high

    async def idle(self, channel: str) -> None:
        """A lane of the channel has run dry."""
        await _each([provider.idle() for provider in self._held.values() if provider.channel == channel])

    async def close(self) -> None:
        """Close all of them."""
        held, self._held = self._held, {}
        await _each([provider.close() for provider in held.values()])


pool = Pool()


def close() -> None:
    """Close every provider of this process."""
    run(pool.close(), timeout=CLOSING)


def _make(account: Account) -> Provider:
    try:
        made: Provider = kind_class(account.kind).made(account)
    except SendError:
        raise
    except Exception as error:
        raise Configuration(type(error).__name__, "this kind of provider can't be had any more") from error
    return made


async def _each(endings: Iterable[Awaitable[None]]) -> None:
    for ending in endings:
        try:
            await ending
        except Exception as error:
            log_error(logger, "a provider did not close", error)
