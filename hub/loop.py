"""The process's own event loop, in a thread of its own: what is asynchronous, behind a synchronous door."""

import asyncio
import logging
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")
logger = logging.getLogger(__name__)

# Names are looked up in threads. Asyncio's own handful would all be taken by a few names whose servers don't answer.
RESOLVERS = 64

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


def spawn(work: Coroutine[Any, Any, None]) -> None:
    """Begin `work` and go on. It tells whoever waits for it by itself; what it raises is only logged."""
    asyncio.run_coroutine_threadsafe(work, _loop()).add_done_callback(_report)


def _report(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()):
        logger.error("work on the loop failed", exc_info=error)


def _loop() -> asyncio.AbstractEventLoop:
    """Made after any fork: clients live and die with it."""
    global _running
    with _lock:
        if _running is None or _running[0] != os.getpid():
            loop = asyncio.new_event_loop()
            loop.set_default_executor(ThreadPoolExecutor(RESOLVERS, thread_name_prefix="hub-resolve"))
            threading.Thread(target=loop.run_forever, name="hub-loop", daemon=True).start()
            _running = (os.getpid(), loop)
        return _running[1]
