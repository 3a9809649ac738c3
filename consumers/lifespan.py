"""Start and end of a web process, so that a deploy sends every client elsewhere before its sockets close."""

import asyncio
import logging
import signal
import threading
from typing import Any

from consumers.edge import current_edge

logger = logging.getLogger(__name__)


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI's lifespan protocol."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            drain_on_signals()
            await send({"type": "lifespan.startup.complete"})
        else:
            current_edge().drain()
            await send({"type": "lifespan.shutdown.complete"})
            return


def drain_on_signals() -> None:
    """Drain as soon as the process is told to end.

    Uvicorn closes all sockets with a bare 1012 before it says `lifespan.shutdown`; only its signal comes earlier.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        _drain_before(loop, number)


def _drain_before(loop: asyncio.AbstractEventLoop, number: int) -> None:
    before = signal.getsignal(number)
    if not callable(before):
        return

    def end() -> None:
        current_edge().drain()
        before(number, None)

    def on_signal(*_: object) -> None:
        loop.call_soon_threadsafe(end)

    signal.signal(number, on_signal)
