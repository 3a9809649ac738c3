"""Django under ASGI, in one thread hop a request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class OneHopHandler(ASGIHandler):
    """Runs a whole request, all of it synchronous, in one piece in one of the process's own threads.

    Django would make two threads for each request, with new database wrappers in them, and go there and back for its
    signals, each half of each middleware, the view and the end: that was most of the time of a small request. A client
    that hangs up does not stop what it has asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        # Threads start with the first request, so after any fork.
        self._threads = ThreadPoolExecutor(settings.HUB_WEB_THREADS, thread_name_prefix="hub-web")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One HTTP request. The lifespan protocol and sockets are not Django's."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with closing(body):
            response = await _run(self._threads, self._answer, scope, body)
            if response.streaming:
                await self._stream(response, send)
            else:
                await self.send_response(response, send)

    async def _stream(self, response: StreamingHttpResponse, send: Send) -> None:
        """Reads in one thread, part by part, as the client takes them: Django would gather all of them first."""
        parts: Iterator[bytes] = iter(response.streaming_content)  # type: ignore[arg-type]  # all our views are synchronous
        with ThreadPoolExecutor(1, thread_name_prefix="hub-stream") as thread:

            async def content() -> AsyncIterator[bytes]:
                while (part := await _run(thread, next, parts, None)) is not None:
                    yield part

            response.streaming_content = content()
            try:
                await self.send_response(response, send)
            finally:
                await _run(thread, response.close)

    def _answer(self, scope: dict[str, Any], body: Any) -> HttpResponseBase:
        """What is in memory is closed here, which gives the database connection back; a stream is read elsewhere."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response = self._respond(request) if request else refusal
        assert response is not None  # noqa: S101  Django gives one or the other
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self.get_response(request)
        response._handler_class = self.__class__  # type: ignore[attr-defined]  # as Django's own handlers say
        return response


async def _run(threads: ThreadPoolExecutor, job: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, job, *args)
