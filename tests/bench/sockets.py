"""Frames a second and memory a socket of one web process, beside stock Channels on the same machine in the same run."""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis.asyncio as aioredis
import uvloop
from channels_redis.pubsub import RedisPubSubChannelLayer

from hub.live import FRAME
from project.stack import processes
from project.stack.child import Child, Command
from project.stack.ports import LOOPBACK
from tests.bench.raw_sockets import RawSocket, connect_all, frame_size
from tests.bench.report import Options, Report
from tests.bench.world import World, world
from tests.chaos.changed import settings

LEAST_BROADCAST, LEAST_ONE_TO_ONE = 8.0, 2.5  # times stock Channels
CHUNK = 100  # messages in a pipeline
STALLED = 10.0  # seconds without a frame
FRAME_TEXT = json.dumps({"type": "measured", "text": "x" * 300}).encode()


@dataclass(frozen=True)
class Figures:
    """Frames a second, and KB of resident memory a socket."""

    broadcast: float
    one_to_one: float
    memory: float


def run(options: Options) -> Report:
    report = Report("sockets")
    count = 200 if options.short else 1000
    frames = 20_000 if options.short else 200_000
    crowd = settings(connections_per_subscriber=count, connections_per_address=2 * count)
    with world(report, options, users=count + 1, run=(), **crowd) as its:
        ours = _served(its, report, "the hub", frames, _hub)
        stock = _served(its, report, "stock Channels", frames // 5, _stock)
    for name, mine, theirs, least in (
        ("broadcast", ours.broadcast, stock.broadcast, LEAST_BROADCAST),
        ("one to one", ours.one_to_one, stock.one_to_one, LEAST_ONE_TO_ONE),
    ):
        report.figure(f"{name}: {mine:,.0f} frames/s, stock {theirs:,.0f}: ratio {mine / theirs:.1f} (≥ {least})")
        report.check(mine / theirs >= least, f"{name}: the ratio is {mine / theirs:.1f}")
    report.figure(f"memory: {ours.memory:.0f} KB a socket, stock {stock.memory:.0f}; {count} sockets")
    return report


def _hub(its: World) -> tuple[Child, list[str], list[str]]:
    """The process, the token of each socket, and the group that each is in. The last is the one that all share."""
    its.hub.start("web")
    groups = [f"user.{user.subscriber.replace('-', '')}" for user in its.users]
    return its.hub.children["web"], [user.token for user in its.users], groups


def _stock(its: World) -> tuple[Child, list[str], list[str]]:
    hub = its.hub
    words = processes.web(host=LOOPBACK, port=hub.ports["web"])
    words[words.index("project.asgi:application")] = "tests.bench.stock:application"
    environment = hub.environment | {"DJANGO_SETTINGS_MODULE": "tests.bench.stock_settings"}
    child = Child(
        Command(name="stock", argv=[sys.executable, *words], environment=environment, folder=hub.root), its.folder
    )
    hub.children["web"] = child
    child.start()
    hub.wait_ready()
    groups = [f"group.{number}" for number in range(len(its.users))]
    return child, groups, groups


def _served(
    its: World, report: Report, label: str, frames: int, serve: Callable[[World], tuple[Child, list[str], list[str]]]
) -> Figures:
    child, tokens, groups = serve(its)
    assert child.pid is not None
    report.progress(f"{label}: {len(tokens) - 1} sockets, {frames} frames each way")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(_measure(its, child.pid, tokens, groups, frames))
    its.hub.stop()
    report.progress(f"{label}: {figures.broadcast:,.0f} and {figures.one_to_one:,.0f} frames/s")
    return figures


async def _measure(its: World, pid: int, tokens: list[str], groups: list[str], frames: int) -> Figures:
    gc.disable()
    own_tokens, shared = tokens[:-1], tokens[-1]
    async with aioredis.Redis.from_url(its.services.redis_url) as redis:
        post = Post(redis, groups)
        warm = await connect_all(its.socket_url, own_tokens[:20])
        await _rate(warm, 20 * 50, lambda: post.singly(50, 20))
        _hang_up(warm)
        before = _memory(pid)
        alone = await connect_all(its.socket_url, own_tokens)
        memory = (_memory(pid) - before) / len(alone)
        one_to_one = await _rate(alone, frames, lambda: post.singly(frames // len(alone), len(alone)))
        _hang_up(alone)
        together = await connect_all(its.socket_url, [shared] * len(own_tokens))
        broadcast = await _rate(together, frames, lambda: post.to_all(frames // len(together)))
        _hang_up(together)
    gc.enable()
    return Figures(broadcast, one_to_one, memory)


class Post:
    """Group messages as any Django code would publish them, in pipelines."""

    def __init__(self, redis: "aioredis.Redis", groups: list[str]) -> None:
        layer: Any = RedisPubSubChannelLayer(prefix="hub")
        self._redis = redis
        self._message = layer.serialize({"type": FRAME, "frame": FRAME_TEXT, "seq": None})
        self._groups = [f"hub__group__{group}" for group in groups]

    async def singly(self, rounds: int, groups: int) -> None:
        """`rounds` messages to each of the first groups, in turn."""
        await self._publish(self._groups[:groups] * rounds)

    async def to_all(self, rounds: int) -> None:
        """`rounds` messages to the group that all are in."""
        await self._publish(self._groups[-1:] * rounds)

    async def _publish(self, channels: list[str]) -> None:
        for start in range(0, len(channels), CHUNK):
            pipeline = self._redis.pipeline(transaction=False)
            for channel in channels[start : start + CHUNK]:
                pipeline.publish(channel, self._message)
            await pipeline.execute()


async def _rate(sockets: list[RawSocket], frames: int, publish: Callable[[], Awaitable[None]]) -> float:
    """Frames a second until all have come. Raises RuntimeError when they stop coming."""
    size = frame_size(FRAME_TEXT)
    wanted = frames // len(sockets) * len(sockets) * size
    start = sum(socket.received for socket in sockets)
    began = changed = time.perf_counter()
    publishing = asyncio.ensure_future(publish())
    got = 0
    while got < wanted:
        await asyncio.sleep(0.005)
        now, before = time.perf_counter(), got
        got = sum(socket.received for socket in sockets) - start
        changed = now if got > before else changed
        if now - changed > STALLED:
            raise RuntimeError(f"{got // size} of {wanted // size} frames came")
    seconds = time.perf_counter() - began
    await publishing
    return wanted / size / seconds


def _hang_up(sockets: list[RawSocket]) -> None:
    for socket in sockets:
        socket.transport.abort()


def _memory(pid: int) -> float:
    """Resident KB of a process."""
    time.sleep(0.3)
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmRSS")))
