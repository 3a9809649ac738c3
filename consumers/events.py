"""The inbox as server-sent events, for who can't have a socket: `GET /api/v1/inbox/events`.

The same frames as on a socket, each with its cursor as `id`. What a client says to a socket goes by REST.
"""

import io
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse

from consumers.auth import Identity, Scope, admit
from consumers.connection import Connection
from consumers.edge import Edge
from consumers.outbox import Send, StreamOutbox
from consumers.work import READS, in_thread
from hub.api.authentication import TENANT_HEADER, bearer
from hub.api.body import Fields, refuse_nul
from hub.api.cors import allow
from hub.api.middleware import RequestIdMiddleware
from hub.api.problems import answer_for
from hub.conf import conf
from hub.exceptions import HubError
from hub.inbox.cursors import Cursor

PATH = "/api/v1/inbox/events"
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
# milliseconds, chosen at random, after which an EventSource comes back by itself: not all at once
RETRY_MS = (500, 5_000)

Receive = Callable[[], Awaitable[dict[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address and the headers ask for. `since`: a cursor, maybe none of ours."""

    token: str
    tenant: str | None
    since: str | None


@dataclass(slots=True)
class Greeting:
    """The head of the answer, or all of it when nobody is let in."""

    answer: HttpResponse
    identity: Identity | None = None
    since: str | None = None


class Events:
    """Wraps Django's ASGI application: event streams are served here, everything else there."""

    def __init__(self, app: App, path: str = PATH) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].endswith(self._path):
            await stream(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """One stream of one subscriber, until either side ends it."""
    outbox = StreamOutbox(send, limit=conf.socket_queue)
    connection = Connection(scope, outbox)
    try:
        greeting = await _greet(scope, connection)
        if greeting.identity is None:
            await _answer(greeting.answer, send)
            return
        await outbox.begin(greeting.answer.status_code, _headers(greeting.answer), random.randint(*RETRY_MS))  # noqa: S311
        _beat(connection, outbox)
        await connection.start(greeting.identity, Cursor.parse(greeting.since), resumes=greeting.since is not None)
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        await connection.stop()


def _beat(connection: Connection, outbox: StreamOutbox) -> None:
    """Say something now and then, so that nobody on the way takes the silence for the end."""
    outbox.beat()
    connection.after("beat", conf.ping_interval, _beat, connection, outbox)


async def _greet(scope: Scope, connection: Connection) -> Greeting:
    """Let somebody in, or say why not, in the words and with the headers of the REST API."""
    refused: HubError | None = None
    try:
        connection.arrive()
    except HubError as refusal:
        refused = refusal
    return await in_thread(READS, _look, scope, connection.edge, refused)


def _look(scope: Scope, edge: Edge, refused: HubError | None) -> Greeting:
    greeting = Greeting(HttpResponse())

    def view(request: HttpRequest) -> HttpResponse:
        tenant = None
        try:
            if refused is not None:
                raise refused
            wish = _wish(request)
            identity, tenant = admit(scope, wish.token, wish.tenant)
            edge.check_room(identity)
            greeting.identity, greeting.since = identity, wish.since
            answer = HttpResponse(headers=HEADERS)
        except Exception as error:
            answer = answer_for(error, request)
            if answer.status_code in (429, 503):
                answer["Retry-After"] = "1"
        allow(request.headers.get("Origin", ""), answer, tenant)
        return answer

    middleware = RequestIdMiddleware(view)
    greeting.answer = middleware(ASGIRequest(scope, io.BytesIO()))  # type: ignore[assignment]  # what `view` gave
    return greeting


def _wish(request: HttpRequest) -> Wish:
    """A reconnecting EventSource has the same address and a newer `Last-Event-ID`. A token in an address is refused."""
    fields = Fields(request.GET.dict())
    cursor, tenant = fields.text("cursor"), fields.text("tenant")
    fields.done()
    refuse_nul(request.GET, {})
    since = request.headers.get("Last-Event-ID") or cursor
    return Wish(bearer(request), request.headers.get(TENANT_HEADER) or tenant or None, since or None)


async def _answer(answer: HttpResponse, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status_code, "headers": _headers(answer)})
    await send({"type": "http.response.body", "body": answer.content})


def _headers(answer: HttpResponse) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()]
