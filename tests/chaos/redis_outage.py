"""Redis stopped, then killed, for 30 s under load: always 2xx, nothing lost, sockets up to date within 15 s."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.bench.api import FAILURES
from tests.bench.report import Options, Report, percentile
from tests.bench.world import User, World, world
from tests.chaos.changed import settings
from tests.support.client import HubClient

RATE = 20  # requests a second
LIMIT = 15.0  # seconds for the sockets, once Redis is back
MAILS = 90.0  # seconds for the mails, once Redis is back
WATCHED = 8  # users with a socket; half of them are sent nothing once Redis is back
AWAY = 4  # users without: they get mails


@dataclass
class Load:
    """What was asked and answered. `statuses`: HTTP status, or 0 for no answer; `times`: seconds an answer took."""

    statuses: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def refused(self) -> list[int]:
        return [status for status in self.statuses if not 200 <= status < 300]


def run(options: Options) -> Report:
    report = Report("redis_outage")
    outage = 8.0 if options.short else 30.0
    # an outage is answered with this many seconds of grace, and the mails come after it
    faster = settings(redis_down_grace=2) if options.short else {}
    with world(report, options, users=2 * (WATCHED + AWAY), **faster) as its:
        half = len(its.users) // 2
        for label, users, stop, back in (
            ("stopped", its.users[:half], _freeze, _thaw),
            ("killed", its.users[half:], _kill, _restart),
        ):
            asyncio.run(_outage(its, report, users, label, outage, stop, back))
    return report


def _freeze(its: World) -> None:
    os.kill(_pid(its), signal.SIGSTOP)


def _thaw(its: World) -> None:
    os.kill(_pid(its), signal.SIGCONT)


def _kill(its: World) -> None:
    os.kill(_pid(its), signal.SIGKILL)


def _restart(its: World) -> None:
    its.services.redis.start()


def _pid(its: World) -> int:
    child = its.services.redis.child
    assert child is not None
    assert child.pid is not None
    return child.pid


async def _outage(
    its: World,
    report: Report,
    users: list[User],
    label: str,
    seconds: float,
    stop: Callable[[World], None],
    back: Callable[[World], None],
) -> None:
    watched, away = users[:WATCHED], users[WATCHED:]
    clients = {user.id: await its.client(user).connect() for user in watched}
    load = Load()
    # half of the sockets hear nothing afterwards that would show them what they missed
    afterwards = [*watched[: WATCHED // 2], *away]
    with ThreadPoolExecutor(32) as pool:
        await _send(its, pool, load, users, 3.0, label)
        stop(its)
        report.progress(f"Redis is {label} for {seconds:.0f} s, under {RATE} requests a second")
        try:
            await _send(its, pool, load, users, seconds, label)
        finally:
            back(its)
        began = time.monotonic()
        report.progress("Redis is back")
        await _send(its, pool, load, afterwards, 2.0, label)
    report.check(
        not load.refused, f"{label}: {len(load.refused)} of {len(load.statuses)} requests got {set(load.refused)}"
    )
    caught_up = await _time_to_catch_up(its, report, clients, watched, began, label)
    _check_record(its, report, users, len(load.statuses), label)
    mailed = await _time_to_mail(its, report, away, began, label)
    report.figure(
        f"Redis {label} for {seconds:.0f} s: {len(load.statuses)} requests, {len(load.refused)} refused, "
        f"p50 {percentile(load.times, 0.5) * 1000:.0f} ms, slowest {max(load.times) * 1000:.0f} ms; "
        f"sockets up to date {caught_up:.1f} s after its return, mails {mailed:.1f} s"
    )
    for client in clients.values():
        await client.close()


async def _send(
    its: World, pool: ThreadPoolExecutor, load: Load, users: list[User], seconds: float, label: str
) -> None:
    """An open loop: a request that waits doesn't hold up the next one. Returns when all are answered."""
    loop = asyncio.get_running_loop()
    begin, sent = loop.time(), []
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(begin + number / RATE - loop.time(), 0))
        sent.append(loop.run_in_executor(pool, _notify, its, load, users[number % len(users)], label))
    await asyncio.gather(*sent)


def _notify(its: World, load: Load, user: User, label: str) -> None:
    began = time.monotonic()
    try:
        with its.api() as api:
            status, _ = api.call("POST", "/notifications", {"to": user.id, "title": f"While {label}"})
    except FAILURES:
        status = 0
    load.times.append(time.monotonic() - began)
    load.statuses.append(status)


async def _time_to_catch_up(
    its: World, report: Report, clients: dict[str, HubClient], watched: list[User], began: float, label: str
) -> float:
    """Seconds since Redis is back until every client is at its head, its socket still open."""
    deadline = began + LIMIT
    while True:
        behind = [user for user in watched if not await _is_up_to_date(its, clients[user.id], user)]
        elapsed = time.monotonic() - began
        if not behind:
            break
        if time.monotonic() > deadline:
            report.check(False, f"{label}: {len(behind)} of {len(watched)} sockets are behind after {LIMIT:.0f} s")
            break
        await asyncio.sleep(0.1)
    closed = [client.code for client in clients.values() if client.code is not None]
    report.check(not closed, f"{label}: {len(closed)} sockets were closed ({set(closed)})")
    return elapsed


async def _is_up_to_date(its: World, client: HubClient, user: User) -> bool:
    stream = its.rows("SELECT last_seq, unread, unseen FROM hub_stream WHERE subscriber_id = %s", user.subscriber)[0]
    own = client.inbox
    at_head: bool = own.last == stream[0] and len(own.items) == stream[0]
    return at_head and own.counts == {"unread": stream[1], "unseen": stream[2]}


def _check_record(its: World, report: Report, users: list[User], requests: int, label: str) -> None:
    ids = [user.subscriber for user in users]
    items = its.value("SELECT count(*) FROM hub_inboxitem WHERE subscriber_id = ANY(%s::uuid[])", ids)
    report.check(items == requests, f"{label}: {requests} requests were accepted, {items} items are in the inboxes")


async def _time_to_mail(its: World, report: Report, away: list[User], began: float, label: str) -> float:
    """Seconds since Redis is back until who is away has one mail for each notification."""
    owed = {
        user.email: its.value("SELECT count(*) FROM hub_inboxitem WHERE subscriber_id = %s", user.subscriber)
        for user in away
    }
    while True:
        got = dict.fromkeys(owed, 0)
        for mail in await asyncio.to_thread(its.hub.mails):
            for address in mail["to"] if isinstance(mail["to"], list) else [mail["to"]]:
                got[address] = got.get(address, 0) + 1
        got = {address: got[address] for address in owed}
        elapsed = time.monotonic() - began
        if got == owed or elapsed > MAILS:
            break
        await asyncio.sleep(0.5)
    report.check(got == owed, f"{label}: mails {got}, owed {owed}")
    return elapsed
