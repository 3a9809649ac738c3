"""Somebody who does nothing wrong while a hub is attacked, and what the attack leaves behind."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis

from tests.bench.report import Report
from tests.bench.world import User, World
from tests.support.client import HubClient

PATIENCE = 15.0
PACE = 0.2  # seconds between two notifications to the bystander
POOLED = 45  # files that the pools of database connections and threads may have grown by


@asynccontextmanager
async def undisturbed(its: World, report: Report, user: User) -> AsyncIterator[None]:
    """Meanwhile `user` is notified over a socket. Afterwards they have everything, and nothing is left but that socket: no
    connection, nobody who is present, no traceback in any log."""
    bystander = Bystander(its, await its.client(user).connect(), user)
    before = _files(its)
    async with bystander:
        yield
    left = await _left(its, before, user)
    report.check(not left, f"left behind: {left}")
    await bystander.judge(report)
    _judge_logs(its, report)


class Bystander:
    """A client that does nothing wrong: notifications come to it all the while."""

    def __init__(self, its: World, client: HubClient, user: User) -> None:
        self.its, self.client, self.user = its, client, user
        self.sent = 0
        self._over = asyncio.Event()

    async def __aenter__(self) -> "Bystander":
        self._task = asyncio.create_task(asyncio.to_thread(self._send))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await self._task

    def _send(self) -> None:
        with self.its.api() as api:
            while not self._over.is_set():
                api.notify(self.user.id, f"Number {self.sent}")
                self.sent += 1
                time.sleep(PACE)

    async def judge(self, report: Report) -> None:
        await self.client.until_last(self.sent, PATIENCE)
        titles = [frame["item"]["title"] for frame in self.client.of_type("notification")]
        expected = [f"Number {number}" for number in range(self.sent)]
        report.check(titles == expected, f"the bystander was sent {len(titles)} of {self.sent} in order")
        report.check(self.client.code is None and not self.client.of_type("error"), "the bystander was disturbed")
        report.figure(f"the bystander got {len(titles)} of {self.sent} notifications, in order, each as a live frame")
        await self.client.close()


def web_pid(its: World) -> int:
    pid = its.hub.children["web"].pid
    assert pid is not None
    return pid


def _files(its: World) -> int:
    """Connections, sockets and files that the process has open."""
    return len(list(Path(f"/proc/{web_pid(its)}/fd").iterdir()))


async def _left(its: World, before: int, bystander: User) -> str:
    """What is still there of the attack once it is over; a little time is given."""
    deadline = time.monotonic() + 10
    while True:
        files, present = await asyncio.to_thread(_files, its), await asyncio.to_thread(_present, its)
        strangers = present - {bystander.subscriber.replace("-", "")}
        if files <= before + POOLED and not strangers:
            return ""
        if time.monotonic() > deadline:
            return f"{files} open files of {before} before, {len(strangers)} who are present no more"
        await asyncio.sleep(0.2)


def _present(its: World) -> set[str]:
    """The subscribers (hex) whom the edge says it has."""
    with redis.Redis.from_url(its.services.redis_url) as client:
        keys = list(client.scan_iter("hub:present:*"))
        return {member.decode() for key in keys for member in client.smembers(key)}  # type: ignore[union-attr]


def _judge_logs(its: World, report: Report) -> None:
    for file in sorted(Path(its.hub.folder, "logs").iterdir()):
        before, trace, after = file.read_text().partition("Traceback")
        where = f"{before[-200:]}{trace}{after.partition(chr(10))[0][-800:]}"
        report.check(not trace, f"there is a traceback in the log {file.name}: …{where}")
