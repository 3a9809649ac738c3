"""Database work of the live edge: in threads of its own, many questions in one query."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
Question = TypeVar("Question")
Answer = TypeVar("Answer")

# Threads start with the first job, so after any fork. Marks have their own: they wait for Redis, and reads must not.
READS = ThreadPoolExecutor(4, thread_name_prefix="hub-reads")
WRITES = ThreadPoolExecutor(4, thread_name_prefix="hub-writes")


async def in_thread(pool: ThreadPoolExecutor, job: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> Answer:
    """Run `job`, then give its database connection back to the pool."""
    return await asyncio.get_running_loop().run_in_executor(pool, lambda: _run(job, *args, **kwargs))


def _run(job: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> Answer:
    try:
        return job(*args, **kwargs)
    finally:
        connections.close_all()


class Batcher(Generic[Question, Answer]):
    """Gathers questions for `delay` seconds, `size` at most, and has `job` answer them together."""

    def __init__(self, job: Callable[[Sequence[Question]], Sequence[Answer]], *, delay: float, size: int) -> None:
        self._job = job
        self._delay = delay
        self._size = size
        self._asked: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Answer:
        """The answer to one question. Raises what `job` raised for its batch."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._asked.append((question, answer))
        if len(self._asked) >= self._size:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_later(self._delay, self._start)
        return await answer

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._asked = self._asked, []
        task = asyncio.create_task(self._answer(batch))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, batch: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await in_thread(READS, self._job, [question for question, _ in batch])
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
