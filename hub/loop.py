"""The process's own event loop, in a thread of its own: what is asynchronous, behind a synchronous door."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

_lock = threading.Lock()
_running: tuple[int, asyncio.AbstractEventLoop] | None = None


def run(work: Coroutine[Any, Any, Result], *, timeout: float) -> Result:
    """What `work` returns or raises. Raises TimeoutError, and cancels it, after `timeout` seconds."""
    doing = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return doing.result(timeout)
    except TimeoutError:
        doing.cancel()
        raise


def _loop() -> asyncio.AbstractEventLoop:
    """Made after any fork: clients live and die with it."""
    global _running
    with _lock:
        if _running is None or _running[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="hub-loop", daemon=True).start()
            _running = (os.getpid(), loop)
        return _running[1]
