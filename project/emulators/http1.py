"""HTTP/1.1 by hand, because a test must be able to say when a connection breaks, and a measurement must not wait for it.

One server for any number of endpoints, each below its own name: `http://127.0.0.1:9000/fcm/…`.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import httptools

from project.emulators.base import Endpoint
from project.emulators.request import Request
from project.emulators.script import HANG, Deed, Reply
from project.emulators.sockets import Connection

BODY_LIMIT = 32 * 1024 * 1024  # bytes
BETWEEN_PARTS = 0.01  # seconds


class Http1(Connection):
    """One client's connection. Its requests are answered one after the other."""

    def __init__(self, endpoints: Mapping[str, Endpoint], connections: set[Connection]) -> None:
        super().__init__(connections)
        self._endpoints = endpoints
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.reset()

    def on_message_begin(self) -> None:
        self._target, self._body = b"", bytearray()
        self._headers: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        name, _, self._rest = self._target.decode("latin-1").lstrip("/").partition("/")
        self._endpoint = self._endpoints.get(name)
        if self._endpoint and self._endpoint.script.cuts_off():
            self.reset()
        elif self._headers.get("expect", "").lower() == "100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > BODY_LIMIT:
            self.reset()

    def on_message_complete(self) -> None:
        if self.closing:
            return
        if self._endpoint is None:
            self._answer(Reply(404, b"There is no such provider here.\n"))
            return
        method = self._parser.get_method().decode()
        outcome = self._endpoint.handle(Request(method, f"/{self._rest}", self._headers, bytes(self._body)))
        if isinstance(outcome, Deed):
            self.reset() if outcome is not HANG else None
        elif outcome.delay:
            self.later(outcome.delay, self._answer, outcome)
        else:
            self._answer(outcome)

    def _answer(self, reply: Reply) -> None:
        head = encoded_head(reply)
        if reply.parts <= 1:
            self.write(head + reply.body)
            return
        self.write(head)
        size = -(-len(reply.body) // reply.parts) or 1
        for number, start in enumerate(range(0, len(reply.body), size)):
            self.later(number * BETWEEN_PARTS, self.write, reply.body[start : start + size])


def encoded_head(reply: Reply) -> bytes:
    headers = {"content-length": str(len(reply.body)), **reply.headers}
    if reply.status in (204, 304):
        headers.pop("content-length")
    lines = [
        f"HTTP/1.1 {reply.status} {phrase(reply.status)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Something"


async def listen(
    endpoints: Mapping[str, Endpoint], connections: set[Connection], host: str, port: int
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Http1(endpoints, connections), host, port, backlog=1024)
