"""A reference client of `hub.v1`: keeps the contract's client rule, and can be cut, resumed and fed damaged frames."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.reducer import Inbox, Item

Frame = dict[str, Any]
Tamper = Callable[[Frame], list[Frame]]
Fetch = Callable[[str], Awaitable[Item | None]]

SYNC_AFTER = 0.25


class HubClient:
    """One subscriber's client over any number of sockets.

    `tamper` stands between socket and client: it returns what the client gets instead of a frame. `fetch` reads an item
    by REST. `inbox` is the client's state, `frames` all that came in, `code` and `reason` those of the last close.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        cursor: str | None = None,
        headers: dict[str, str] | None = None,
        tamper: Tamper | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self.url = url
        self.token = token
        self.inbox = Inbox()
        self.epoch = ""
        self.frames: list[Frame] = []
        self.ready: Frame = {}
        self.syncs = 0
        self.code: int | None = None
        self.reason = ""
        self.answers_pings = True
        self.tamper: Tamper = tamper or (lambda frame: [frame])
        self._fetch = fetch
        self._headers = headers or {}
        self._resumes = cursor is not None
        if cursor is not None:
            self._place(cursor)
        self._pending: dict[int, Frame] = {}
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._numbers = count(1)
        self._news = asyncio.Event()
        self._sync_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def cursor(self) -> str:
        return f"{self.epoch}:{self.inbox.last}"

    async def connect(self, *, ready: bool = True) -> "HubClient":
        """Open a socket and say hello; wait for `ready`, and for the catch-up if there is a cursor to resume from."""
        await self.dial()
        hello: Frame = {"type": "hello", "client": "reference/1"}
        if self.token is not None:
            hello["token"] = self.token
        if self._resumes:
            hello["cursor"] = self.cursor
        await self.send(hello)
        if ready:
            await self.until(lambda: bool(self.ready) or self.code is not None)
        return self

    async def dial(self, subprotocols: tuple[str, ...] = ("hub.v1",)) -> "HubClient":
        """Open a socket and say nothing."""
        self.code, self.ready, self._pending = None, {}, {}
        self._socket = await connect(
            self.url,
            subprotocols=list(subprotocols) or None,  # type: ignore[arg-type]
            additional_headers=self._headers,
            compression=None,
            proxy=None,
            max_size=None,
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        return self

    async def send(self, frame: Frame | str | bytes) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):
            await self._socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def mark(self, op: str, *ids: str, **fields: Any) -> Frame:
        """Mark items; returns the receipt or the error."""
        mark_id = f"m{next(self._numbers)}"
        answer = self._answers[mark_id] = asyncio.get_running_loop().create_future()
        await self.send({"type": "mark", "id": mark_id, "op": op, **({"ids": list(ids)} if ids else {}), **fields})
        return await asyncio.wait_for(answer, 30)

    async def sync(self) -> None:
        self.syncs += 1
        await self.send({"type": "sync", "cursor": self.cursor})

    async def close(self) -> None:
        """Say goodbye."""
        if self._socket is not None:
            await self._socket.close()
        await self._ended()

    async def cut(self) -> None:
        """Lose the network: no goodbye."""
        assert self._socket is not None
        self._socket.transport.abort()
        await self._ended()

    async def until(self, happened: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something has happened. Raises AssertionError, with the last frames, when it doesn't."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not happened():
            self._news.clear()
            left = deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                raise AssertionError(
                    f"not within {seconds} s; {self.cursor}, last frames: {self.frames[-5:]}"
                ) from None

    async def until_last(self, seq: int, seconds: float = 30.0) -> None:
        await self.until(lambda: self.inbox.last >= seq, seconds)

    async def until_closed(self, seconds: float = 30.0) -> int:
        await self.until(lambda: self.code is not None, seconds)
        assert self.code is not None
        return self.code

    def of_type(self, *kinds: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["type"] in kinds]

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                frame = json.loads(text)
                self.frames.append(frame)
                for seen in self.tamper(frame):
                    await self._take(seen)
                self._news.set()
        except ConnectionClosed:
            pass
        self.code, self.reason = socket.close_code or 1006, socket.close_reason or ""
        self._news.set()

    async def _take(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "ready":
            self._start(frame)
        elif kind == "batch":
            self.inbox.apply_batch(frame)
            self._apply_pending()
        elif kind in ("notification", "state"):
            self._take_live(frame)
        elif kind in ("receipt", "error") and frame.get("id") in self._answers:
            self._answers.pop(frame["id"]).set_result(frame)
        elif kind == "ping":
            if self.answers_pings:
                await self.send({"type": "pong"})
            self._expect(frame["head"])

    def _start(self, frame: Frame) -> None:
        self.ready = frame
        if not self._resumes or not frame["recovered"]:
            self._place(frame["cursor"])
            self.inbox.counts = frame["counts"]
        self.epoch = frame["cursor"].partition(":")[0]
        self._resumes = True

    def _place(self, cursor: str) -> None:
        self.epoch, _, last = cursor.partition(":")
        self.inbox.last = int(last)

    def _take_live(self, frame: Frame) -> None:
        if frame["seq"] > self.inbox.last:
            self._pending[frame["seq"]] = frame
            self._apply_pending()
            self._expect(frame["seq"])

    def _apply_pending(self) -> None:
        while (frame := self._pending.pop(self.inbox.last + 1, None)) is not None:
            for item_id in self.inbox.apply(frame):
                self._spawn(self._bring_back(item_id))
        self._pending = {seq: frame for seq, frame in self._pending.items() if seq > self.inbox.last}

    def _expect(self, head: int) -> None:
        if head > self.inbox.last and self._sync_timer is None:
            self._sync_timer = asyncio.get_running_loop().call_later(SYNC_AFTER, self._sync_if_behind, head)

    def _sync_if_behind(self, head: int) -> None:
        self._sync_timer = None
        if head > self.inbox.last:
            self._spawn(self.sync())
            self._expect(head)

    async def _bring_back(self, item_id: str) -> None:
        item = await self._fetch(item_id) if self._fetch else None
        if item is not None and item["seq"] >= self.inbox.items.get(item_id, {"seq": 0})["seq"]:
            self.inbox.put(item)
        self._news.set()

    def _spawn(self, job: Any) -> None:
        task = asyncio.ensure_future(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ended(self) -> None:
        if self._sync_timer is not None:
            self._sync_timer.cancel()
            self._sync_timer = None
        if self._reader is not None:
            await asyncio.wait([self._reader])
