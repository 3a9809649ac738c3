"""Malformed frames over many sockets: each is answered or ends its socket, nobody else notices, and nothing is left."""

import asyncio
import json
import random
from collections import Counter
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.bench.report import Options, Report
from tests.bench.world import User, World, world
from tests.chaos.bystander import PATIENCE, undisturbed, web_pid
from tests.chaos.changed import settings
from tests.chaos.malformed import answered, fatal, flipped

BATCH = 50  # frames of one socket, which may say 60 at once
AT_ONCE = 40  # sockets
GROWTH = 20_000  # KB that the process may grow by in the second half
# one that must be answered, whatever came before
SENTINEL = json.dumps({"type": "ack", "seq": "the end"})
FIELDS = {
    "id",
    "op",
    "ids",
    "all",
    "upto",
    "filter",
    "until",
    "action",
    "seq",
    "focused",
    "cursor",
    "token",
    "type",
    "tenant",
}


def run(options: Options) -> Report:
    report = Report("bad_frames")
    size = 2_500 if options.short else 100_000
    # the machines of all sockets are this one
    with world(report, options, users=AT_ONCE + 1, run=("web",), **settings(connections_per_address=5_000)) as its:
        asyncio.run(_check(its, report, size))
    return report


async def _check(its: World, report: Report, size: int) -> None:
    users, bystander = its.users[:-1], its.users[-1]
    attack = Attack(its, report)
    grown = []
    report.progress(f"{size} malformed frames over {size // BATCH} sockets, {AT_ONCE} at once, each of its own user")
    async with undisturbed(its, report, bystander):
        for _ in range(2):
            await attack.run(users, size // BATCH // 2)
            grown.append(_memory(its))
    report.figure(f"{size} frames: {attack.summary()}")
    report.check(grown[1] - grown[0] < GROWTH, f"the process grew by {grown[1] - grown[0]} KB in the second half")
    report.figure(
        f"memory {grown[0]:,} KB half way, {grown[1]:,} KB at the end; every connection, and who was present, gone"
    )


class Attack:
    """Sockets that talk nonsense."""

    def __init__(self, its: World, report: Report) -> None:
        self.its, self.report = its, report
        self.outcomes: Counter[str] = Counter()
        self._dice = random.Random(11)

    def summary(self) -> str:
        return ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(self.outcomes.items()))

    async def run(self, users: list[User], batches: int) -> None:
        """`batches` sockets; each user has one at a time."""
        left = iter(range(batches))

        async def work(user: User) -> None:
            for number in left:
                await self._socket(user, greets=number % 10 != 0)

        await asyncio.gather(*(work(user) for user in users))

    async def _socket(self, user: User, *, greets: bool) -> None:
        """One socket: frames that must be answered, then one that may be anything or must end it, or too many."""
        async with connect(
            self.its.socket_url,
            subprotocols=["hub.v1"],
            compression=None,
            proxy=None,
            max_size=None,
            ping_interval=None,  # type: ignore[list-item]
        ) as socket:
            if greets:
                await socket.send(json.dumps({"type": "hello", "token": user.token}))
                await socket.recv()
            await self._answered(socket, [answered(self._dice) for _ in range(BATCH - 1)] if greets else [])
            die = self._dice.random()
            if die < 0.6:
                await self._ends(socket, [fatal(self._dice)], {4500})
            elif die < 0.9:
                # or still a frame: a first one whose token is no token any more, or is called something else
                await self._ends(socket, [flipped(self._dice), SENTINEL], {4500, 1000, 4501, 4503})
            else:
                await self._ends(socket, [SENTINEL] * 80, {4029})

    async def _answered(self, socket: ClientConnection, frames: list[str]) -> None:
        for frame in frames:
            await socket.send(frame)
        for number in range(len(frames)):
            try:
                answer = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
            except (TimeoutError, ConnectionClosed) as error:
                self.report.check(False, f"{len(frames) - number} of {len(frames)} frames got no answer: {error!r}")
                return
            self._judge(answer)

    def _judge(self, answer: dict[str, object]) -> None:
        code, title = answer.get("code"), str(answer.get("title"))
        self.outcomes[f"answered {code}"] += 1
        good = answer["type"] == "error" and code not in ("unavailable", "internal")
        named = code != "invalid_request" or title.partition(":")[0].partition(".")[0] in FIELDS
        self.report.check(good and named, f"answered with {answer}")

    async def _ends(self, socket: ClientConnection, frames: list[str | bytes], codes: set[int]) -> None:
        """Send these, say goodbye, and see how the socket ends: 1000 if the goodbye was the end of it."""
        try:
            for frame in frames:
                await socket.send(frame)
            if 1000 in codes:
                while "seq" not in str(json.loads(await asyncio.wait_for(socket.recv(), PATIENCE)).get("title")):
                    pass
                await socket.close()
            async with asyncio.timeout(PATIENCE):
                async for _ in socket:
                    pass
        except ConnectionClosed:
            pass
        except TimeoutError:
            self.report.check(False, f"neither answered nor ended: {frames[0]!r:.200}")
        code = socket.close_code
        self.outcomes[f"ended with {code}"] += 1
        self.report.check(code in codes, f"ended with {code}, not {codes}: {frames[0]!r:.200}")


def _memory(its: World) -> int:
    lines = Path(f"/proc/{web_pid(its)}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))
