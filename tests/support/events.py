"""A reader of the event stream: a client that resumes by `Last-Event-ID`, and holds what it is sent to the contract."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from tests.support.reducer import Inbox

Frame = dict[str, Any]


class EventClient:
    """One subscriber's stream over any number of connections.

    `frames` are all that came in, `beats` the comments among them; `cursor` is the last `id`. `status`, `headers` and
    `problem` are those of the last answer; `code` and `reason` those of the close that ended it (0: it just ended).
    """

    def __init__(
        self, url: str, *, token: str | None = None, cursor: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self.url = url
        self.token = token
        self.cursor = cursor
        self.inbox = Inbox(last=int(cursor.partition(":")[2] or 0) if cursor else 0)
        self.frames: list[Frame] = []
        self.ready: Frame = {}
        self.beats = 0
        self.retry: int | None = None
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.problem: Frame = {}
        self.code: int | None = None
        self.reason = ""
        self._own_headers = headers or {}
        self._news = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._answer: aiohttp.ClientResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    async def connect(self) -> "EventClient":
        """Ask, and wait for `ready`, or for the problem document of a refusal."""
        self.code, self.ready, self.problem = None, {}, {}
        headers = dict(self._own_headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.cursor:
            headers["Last-Event-ID"] = self.cursor
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), read_bufsize=2**20)
        self._answer = await self._session.get(self.url, headers=headers)
        self.status, self.headers = self._answer.status, self._answer.headers
        if self.status == 200:
            self._reader = asyncio.create_task(self._read(self._answer))
            await self.until(lambda: bool(self.ready) or self.code is not None)
        else:
            self.problem = await self._answer.json(content_type=None)
        return self

    async def close(self) -> None:
        """Go away, without a word: that is how event streams end."""
        if self._answer is not None:
            self._answer.close()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
        if self._session is not None:
            await self._session.close()

    cut = close

    async def until(self, happened: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something has happened. Raises AssertionError, with the last frames, when it doesn't."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not happened():
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), deadline - asyncio.get_running_loop().time())
            except TimeoutError:
                raise AssertionError(f"not within {seconds} s; {self.cursor}, last: {self.frames[-5:]}") from None

    async def until_last(self, seq: int, seconds: float = 30.0) -> None:
        await self.until(lambda: self.inbox.last >= seq, seconds)

    async def until_closed(self, seconds: float = 30.0) -> int:
        await self.until(lambda: self.code is not None, seconds)
        assert self.code is not None
        return self.code

    def of_type(self, *kinds: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["type"] in kinds]

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        event: dict[str, str] = {}
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            while line := (await answer.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(":")
                if line == "\n":
                    self._take(event)
                    event = {}
                elif name:
                    event[name] = value.removeprefix(" ")
                else:
                    self.beats += 1
                self._news.set()
        if self.code is None:
            self.code = 0
        self._news.set()

    def _take(self, event: dict[str, str]) -> None:
        if "retry" in event:
            self.retry = int(event["retry"])
        if event.get("event") == "close":
            end = json.loads(event["data"])
            self.code, self.reason = end["code"], end["reason"]
        elif "data" in event:
            frame = json.loads(event["data"])
            self.frames.append(frame)
            self._apply(frame)
        self.cursor = event.get("id", self.cursor)
        if "id" in event:
            assert int(self.cursor.partition(":")[2]) == self.inbox.last, (event, self.inbox.last)

    def _apply(self, frame: Frame) -> None:
        """A stream has no gaps and nothing twice: whatever doesn't follow at once is an error."""
        if frame["type"] == "ready":
            self.ready = frame
            if not self.cursor or not frame["recovered"]:
                self.inbox.last, self.inbox.counts = int(frame["cursor"].partition(":")[2]), frame["counts"]
        elif frame["type"] == "batch":
            assert all(item["seq"] > self.inbox.last for item in frame["items"])
            self.inbox.apply_batch(frame)
        elif frame["type"] in ("notification", "state"):
            assert frame["seq"] == self.inbox.last + 1, (frame, self.inbox.last)
            self.inbox.apply(frame)
