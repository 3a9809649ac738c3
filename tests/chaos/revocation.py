"""Users, a signing key and a tenant lose their right to be here: how long until every socket and stream of theirs is closed.

On two web processes, first with Redis, which carries the word, then with Redis stopped, when each process finds out by itself.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

import jwt

from tests.bench.api import Api
from tests.bench.report import Options, Report
from tests.bench.world import World, world
from tests.chaos.changed import settings
from tests.support.client import HubClient
from tests.support.events import EventClient

PROMPT, LATE = 2.0, 20.0  # seconds within which a connection is closed: with Redis, and without
PATIENCE = 25.0
AT_ONCE = 40  # connections that are opened at once
PROCESSES = ("web", "web-2")
OPERATOR = "the-operator-of-this-check"

Client = HubClient | EventClient


@dataclass
class Issuer:
    """A tenant, and a key that its tokens are signed with."""

    slug: str
    api_key: str
    kid: str
    secret: str

    def token(self, sub: str) -> str:
        now = int(time.time())
        claims = {"sub": sub, "tenant": self.slug, "aud": "hub", "iat": now, "exp": now + 3600}
        return jwt.encode(claims, self.secret, algorithm="HS256", headers={"kid": self.kid})


@dataclass
class Crowd:
    """Users who are here by the same right, each with a connection to either process. `ends`: what takes it from whom."""

    name: str
    issuer: Issuer
    code: int | None
    clients: dict[str, list[Client]] = field(default_factory=dict)
    ends: list[tuple[Callable[[], object], list[str]]] = field(default_factory=list)


def run(options: Options) -> Report:
    report = Report("revocation")
    users = 10 if options.short else 75
    changes: dict[str, Any] = {"head_check_interval": 5} if options.short else {}
    environment = settings(connections_per_address=5_000, **changes) | {"HUB_OPERATOR_TOKEN": OPERATOR}
    with world(report, options, users=0, run=PROCESSES, **environment) as its:
        asyncio.run(_check(its, report, users, "with Redis", PROMPT))
        asyncio.run(_check(its, report, users, "without Redis", LATE, stops=True))
    return report


async def _check(its: World, report: Report, users: int, label: str, limit: float, *, stops: bool = False) -> None:
    crowds = await asyncio.to_thread(_crowds, its, users, label)
    gate = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_connect(gate, client) for crowd in crowds for client in _all(crowd)))
    report.progress(f"{label}: {sum(len(_all(crowd)) for crowd in crowds)} connections to two processes")
    with _stopped(its) if stops else nullcontext():
        for crowd in crowds:
            if crowd.ends:
                await _end(report, crowd, label, limit)
        stayed = [client for crowd in crowds if not crowd.ends for client in _all(crowd)]
        gone = [client.code for client in stayed if client.code is not None]
        report.check(
            not gone, f"{label}: {len(gone)} of {len(stayed)} connections that may stay were closed: {set(gone)}"
        )
    await asyncio.gather(*(client.close() for crowd in crowds for client in _all(crowd)))


def _crowds(its: World, users: int, label: str) -> list[Crowd]:
    """Who is revoked one by one, with their key, with their tenant, and who stays."""
    ours, theirs = (_issuer(its, f"{name}-{label.partition(' ')[0]}") for name in ("ours", "theirs"))
    with Api(its.hub.url, ours.api_key) as api:
        made = api.good("POST", "/signing-keys", {})
    rotated = Issuer(ours.slug, ours.api_key, made["id"], made["secret"])
    crowds = [
        Crowd("revoked users", ours, 4510),
        Crowd("a revoked key", rotated, 4510),
        Crowd("a suspended tenant", theirs, 4503),
        Crowd("those who may stay", ours, None),
    ]
    for crowd in crowds:
        subs = [f"{crowd.name.split()[-1]}-{number}" for number in range(users)]
        crowd.clients = {sub: _clients(its, crowd.issuer.token(sub), number) for number, sub in enumerate(subs)}
    one_by_one, by_key, by_tenant, _ = crowds
    for sub in one_by_one.clients:
        one_by_one.ends.append((_call(its, ours.api_key, "POST", "/user-tokens/revoke", {"subscriber": sub}), [sub]))
    by_key.ends.append((_call(its, ours.api_key, "DELETE", f"/signing-keys/{rotated.kid}"), list(by_key.clients)))
    suspend = _call(its, OPERATOR, "PATCH", f"/tenants/{theirs.slug}", {"status": "suspended"})
    by_tenant.ends.append((suspend, list(by_tenant.clients)))
    return crowds


def _issuer(its: World, slug: str) -> Issuer:
    with Api(its.hub.url, OPERATOR) as api:
        made = api.good("POST", "/tenants", {"slug": slug, "name": slug})
    return Issuer(slug, made["api_key"], made["signing_key"], made["signing_secret"])


def _clients(its: World, token: str, number: int) -> list[Client]:
    """A socket to one process; to the other one a socket for half of the users, an event stream for the rest."""
    here, there = (its.hub.url_of(name) for name in (PROCESSES if number % 2 else PROCESSES[::-1]))
    listens = number % 4 < 2
    other = EventClient(f"{there}/api/v1/inbox/events", token=token) if listens else _socket(there, token)
    return [_socket(here, token), other]


def _socket(url: str, token: str) -> HubClient:
    return HubClient(f"{url.replace('http', 'ws', 1)}/api/v1/ws", token=token)


def _call(its: World, bearer: str, method: str, path: str, body: Any = None) -> Callable[[], object]:
    return partial(_good, its.hub.url, bearer, method, path, body)


def _good(url: str, bearer: str, method: str, path: str, body: Any) -> None:
    with Api(url, bearer) as api:
        api.good(method, path, body)


async def _connect(gate: asyncio.Semaphore, client: Client) -> None:
    async with gate:
        await client.connect()


async def _end(report: Report, crowd: Crowd, label: str, limit: float) -> None:
    """Take their right away and wait until they are out. The clock of each starts before the request that ends it."""
    closing = []
    for end, subs in crowd.ends:
        began = time.monotonic()
        closing += [asyncio.create_task(_closed_after(client, began)) for sub in subs for client in crowd.clients[sub]]
        await asyncio.to_thread(end)
    times = await asyncio.gather(*closing)
    late = sum(seconds > limit for seconds in times)
    report.check(
        not late, f"{label}: {late} of {len(times)} connections of {crowd.name} were not closed within {limit:g} s"
    )
    codes = {client.code for client in _all(crowd)}
    report.check(codes == {crowd.code}, f"{label}: the connections of {crowd.name} ended with {codes}")
    streams = sum(isinstance(client, EventClient) for client in _all(crowd))
    report.figure(
        f"{label}: {len(times)} connections ({streams} of them event streams) of {crowd.name} were closed after "
        f"{median(times):.2f} s, the last after {max(times):.2f} s (≤ {limit:g})"
    )


async def _closed_after(client: Client, began: float) -> float:
    try:
        await client.until_closed(PATIENCE)
    except AssertionError:
        return PATIENCE
    return time.monotonic() - began


def _all(crowd: Crowd) -> list[Client]:
    return [client for clients in crowd.clients.values() for client in clients]


@contextmanager
def _stopped(its: World) -> Iterator[None]:
    """Redis is there, and answers nobody."""
    child = its.services.redis.child
    assert child is not None
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(child.pid, signal.SIGCONT)
