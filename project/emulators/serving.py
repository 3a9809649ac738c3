"""Emulators on real sockets of the loopback.

with serving(fcm := Fcm(), apns := Apns()):
    fcm.url         "http://127.0.0.1:43211/fcm"
    apns.address    ("127.0.0.1", 43212)
"""

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from project.emulators import http1, http2
from project.emulators.apns import Apns
from project.emulators.base import Endpoint
from project.emulators.certificate import make_certificate, server_tls
from project.emulators.sockets import Connection, NotTls

HOST = "127.0.0.1"
PATIENCE = 10.0  # seconds to start or to stop


@asynccontextmanager
async def listening(
    *endpoints: Endpoint, host: str = HOST, port: int = 0, apns_port: int = 0, folder: Path
) -> AsyncIterator[None]:
    """Serve on this loop until the block ends. `port` is that of HTTP/1.1; 0 takes any free one.

    `folder` keeps the certificate that APNs shows.
    """
    async with AsyncExitStack() as stack:
        connections: set[Connection] = set()
        stack.callback(reset_all, connections)
        by_name = {endpoint.name: endpoint for endpoint in endpoints if not isinstance(endpoint, Apns)}
        server = await http1.listen(by_name, connections, host, port)
        stack.callback(server.close)
        for endpoint in by_name.values():
            endpoint.url = f"http://{HOST}:{port_of(server)}/{endpoint.name}"
        for apns in (endpoint for endpoint in endpoints if isinstance(endpoint, Apns)):
            certificate, key = make_certificate(folder)
            server = await http2.listen(apns, connections, host, apns_port, server_tls(certificate, key))
            stack.callback(server.close)
            apns.certificate = certificate
            apns.address = (HOST, port_of(server))
            apns.url = f"https://{HOST}:{port_of(server)}"
        yield


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def reset_all(connections: set[Connection]) -> None:
    for connection in list(connections):
        connection.reset()


@contextmanager
def serving(*endpoints: Endpoint, folder: Path | None = None) -> Iterator[None]:
    """Serve from a thread with a loop of its own, as tests want it. `folder` keeps the certificate; absent: a new one."""
    with tempfile.TemporaryDirectory() as another, own_loop() as loop:
        block = listening(*endpoints, folder=folder or Path(another))

        async def leave() -> None:
            await block.__aexit__(None, None, None)
            await asyncio.sleep(0)  # what was cut off says so in the loop's next round

        asyncio.run_coroutine_threadsafe(block.__aenter__(), loop).result(PATIENCE)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(leave(), loop).result(PATIENCE)


@contextmanager
def broken_tls() -> Iterator[tuple[str, int]]:
    """An address that answers a TLS handshake with something else."""
    with own_loop() as loop:
        connections: set[Connection] = set()
        starting = loop.create_server(lambda: NotTls(connections), HOST, 0)
        server = asyncio.run_coroutine_threadsafe(starting, loop).result(PATIENCE)

        async def leave() -> None:
            server.close()
            reset_all(connections)
            await asyncio.sleep(0)

        try:
            yield HOST, port_of(server)
        finally:
            asyncio.run_coroutine_threadsafe(leave(), loop).result(PATIENCE)


@contextmanager
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="emulators", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
