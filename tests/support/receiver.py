"""An endpoint for webhooks on this machine, which misbehaves as it is told to."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import orjson


@dataclass(frozen=True)
class Got:
    """One post, names of headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return orjson.loads(self.body)


class Handler(BaseHTTPRequestHandler):
    """What a behaviour is given to answer with."""

    protocol_version = "HTTP/1.1"
    receiver: "Receiver"
    got: Got

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.receiver.got.append(self.got)
        self.receiver.behaviours.get(self.path, self.receiver.act)(self)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: pytest's output is for failures."""


Behaviour = Callable[[Handler], None]


@dataclass
class Receiver:
    """`act`: how it answers; `behaviours`: how at a path. `over` ends whatever hangs."""

    port: int
    act: Behaviour
    got: list[Got] = field(default_factory=list)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    over: Event = field(default_factory=Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}{path}"

    def at(self, path: str) -> list[Got]:
        return [got for got in self.got if got.path == path]

    def hang(self, handler: Handler) -> None:
        """No answer: who waits is let go when it is over."""
        self.over.wait(30)
        handler.close_connection = True

    def drip(self, handler: Handler) -> None:
        """A good answer whose body doesn't come."""
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        self.hang(handler)


def says(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    return lambda handler: handler.answer(status, body, **headers)


def reset(handler: Handler) -> None:
    """The connection breaks without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who is called may hang up."""


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """It accepts everything; only an exemption lets the hub call it."""
    kind = type("OwnHandler", (Handler,), {})
    with _Server(("127.0.0.1", 0), kind) as server:
        receiver = kind.receiver = Receiver(server.server_port, says(204))  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.over.set()
            server.shutdown()
            thread.join()
