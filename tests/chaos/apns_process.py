"""`python -m tests.chaos.apns_process`: pushes through the product's own client to an APNs of ours, in a process of its own."""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aioapns.connection
import django
from django.conf import settings

django.setup()

from hub.loop import run  # noqa: E402
from hub.providers.accounts import Account  # noqa: E402
from project.emulators.apns import Apns  # noqa: E402
from project.emulators.script import RESET_AFTER  # noqa: E402
from project.emulators.serving import serving  # noqa: E402
from tests.deliveries.providers.pushes import apns_account, make, push_work  # noqa: E402

AT_ONCE = 200
MINUTE = 60
LONGEST = 600.0


class Sender:
    """One account, as a worker has it."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.provider = make(account)
        self.room = asyncio.Semaphore(AT_ONCE)
        self.outcomes: Counter[str] = Counter()
        self.slowest = 0.0

    async def push(self, token: str, environment: str = "production") -> None:
        async with self.room:
            began = time.monotonic()
            work = push_work(self.account, token, data={"environment": environment})
            (receipt,) = await self.provider.send([work])
            self.outcomes[f"{receipt.outcome} {receipt.code}"] += 1
            self.slowest = max(self.slowest, time.monotonic() - began)


async def errors(apns: Apns, sender: Sender, count: int) -> None:
    """As many devices that are gone."""
    tokens = [f"{number:064x}" for number in range(count)]
    apns.devices = dict.fromkeys(tokens, "Unregistered")
    await sender.push("ab" * 32)
    await asyncio.gather(*(sender.push(token) for token in tokens))


async def tokens(apns: Apns, sender: Sender, count: int) -> None:
    """As many minutes, in each of which both of the account's connections are lost and made again."""
    for _ in range(count):
        for environment in ("production", "sandbox"):
            await sender.push("ab" * 32, environment)
            apns.script.then(RESET_AFTER)
            await sender.push("cd" * 32, environment)
        clock.ahead += MINUTE


class Clock:
    """The time of this process, its APNs' included."""

    ahead = 0.0

    def __init__(self) -> None:
        self._real = time.time
        time.time = self.now

    def now(self) -> float:
        return self._real() + self.ahead


@contextmanager
def counted() -> Iterator[list[Any]]:
    """The connections that are made."""
    made: list[Any] = []
    connect = aioapns.connection.H2Protocol.connection_made

    def connection_made(protocol: Any, transport: asyncio.BaseTransport) -> None:
        made.append(protocol)
        connect(protocol, transport)

    aioapns.connection.H2Protocol.connection_made = connection_made  # type: ignore[method-assign]
    yield made


def measure(what: str, count: int) -> dict[str, Any]:
    with serving(apns := Apns()), counted() as connections:
        settings.HUB |= {"outbound_exempt": (apns.url.removeprefix("https://"),)}
        sender = Sender(apns_account(apns))
        began = time.monotonic()

        async def all_of_it() -> None:
            await {"errors": errors, "tokens": tokens}[what](apns, sender, count)
            await sender.provider.close()

        run(all_of_it(), timeout=LONGEST)
        return {
            "outcomes": sender.outcomes,
            "connections": len(connections),
            "tokens": len(apns.accepted_tokens),
            "slowest": sender.slowest,
            "seconds": time.monotonic() - began,
        }


clock = Clock()

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["errors", "tokens"])
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    wanted = parser.parse_args()
    wanted.output.write_text(json.dumps(measure(wanted.what, wanted.count)))
