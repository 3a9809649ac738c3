"""A web server on this machine that stands for one out there: an issuer of keys, or whoever else is called."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import orjson

from hub.ids import uuid7


@dataclass
class Site:
    """What it answers, and what it was asked. `hold`: answers wait until this is set."""

    port: int
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    asked: list[str] = field(default_factory=list)
    hold: Event = field(default_factory=Event)
    path: str = field(default_factory=lambda: f"/{uuid7().hex}")

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.path}"

    def answer(self, document: Any) -> None:
        self.body = orjson.dumps(document)


@contextmanager
def running_site() -> Iterator[Site]:
    """It is on 127.0.0.1, so that only an exemption lets the hub call it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.hold.wait(20)
            self.send_response(site.status)
            for name, value in {"Content-Length": str(len(site.body)), **site.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(site.body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(server.server_port)
    site.hold.set()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        site.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
