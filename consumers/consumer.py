"""The socket: Channels' consumer of `hub.v1`. It accepts, listens to hello, obeys frames, and cleans up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer

from consumers.auth import identify
from consumers.connection import Connection
from consumers.frames import (
    SUBPROTOCOL,
    Ack,
    Auth,
    ClientFrame,
    Close,
    Error,
    Hello,
    Mark,
    Sync,
    Undecodable,
    decode,
    encode,
    parse,
)
from consumers.limits import Allowance
from consumers.marks import Marks
from consumers.outbox import Send, SocketOutbox
from consumers.session import Session
from consumers.work import READS, in_thread
from hub.conf import conf
from hub.exceptions import HubError, InvalidRequest

logger = logging.getLogger(__name__)

# frames a second that a client may send on average, and at once
RATE, BURST = 20, 60

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]


class HubConsumer(AsyncConsumer):
    """One socket of one subscriber."""

    outbox: SocketOutbox
    connection: Connection

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.outbox = SocketOutbox(send, limit=conf.socket_queue)
        self.connection = Connection(scope, self.outbox)
        self._marks: Marks | None = None
        self._allowance = Allowance(RATE, BURST)
        self._heard = asyncio.get_running_loop().time()
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            if self._marks is not None:
                self._marks.stop()
            await self.connection.stop()

    async def dispatch(self, message: Event) -> None:
        """As Channels', but without its hop to the database thread for every message, and unknown types are ignored."""
        handler = getattr(self, get_handler_name(message), None)
        if handler is not None:
            await handler(message)

    # from the server

    async def websocket_connect(self, _: Event) -> None:
        """Always accept: a browser can't tell a refusal from a broken network."""
        offered = self.scope.get("subprotocols", [])
        spoken = SUBPROTOCOL if SUBPROTOCOL in offered else None
        await self.outbox.accept(spoken)
        try:
            self.connection.arrive()
        except HubError as refusal:
            self.connection.refuse(refusal)
            return
        if spoken is None:
            self.outbox.close(Close.SUBPROTOCOL, f"speak {SUBPROTOCOL}")
        else:
            self.connection.after("hello", conf.hello_timeout, self.outbox.close, Close.HELLO_TIMEOUT, "no hello")

    async def websocket_receive(self, message: Event) -> None:
        """Decode and obey one frame. Nonsense is answered and survived; what is no frame at all ends the socket."""
        if self.outbox.closed:
            return
        self._heard = asyncio.get_running_loop().time()
        if not self._allowance.take():
            self.outbox.close(Close.TOO_FAST, "too many frames")
            return
        try:
            frame = decode(message.get("text"), conf.max_frame)
        except Undecodable as error:
            self.outbox.close(Close.BAD_FRAME, str(error))
            return
        await self._obey(frame)

    async def websocket_disconnect(self, _: Event) -> None:
        raise StopConsumer

    # from the client

    async def _obey(self, frame: dict[str, Any]) -> None:
        mark_id = frame.get("id")
        answers = mark_id if isinstance(mark_id, str) else None
        try:
            await self._carry_out(parse(frame))
        except HubError as error:
            self._say(Error(error.code, error.message, answers, error.status))
        except Exception:
            logger.exception("A frame failed", extra=self.connection.ids)
            self._say(Error("unavailable", "Not possible at the moment", answers, 503, retry_after=1))

    async def _carry_out(self, frame: ClientFrame | None) -> None:
        session = self.connection.session
        if isinstance(frame, Hello):
            await self._hello(frame)
        elif session is None and frame is not None:
            raise InvalidRequest.on("type", "the first frame is hello")
        elif session is not None:
            match frame:
                case Mark() if self._marks is not None:
                    self._marks.put(frame)
                case Ack():
                    self.connection.edge.acknowledge(session, seq=min(frame.seq, session.sent), focused=frame.focused)
                case Sync():
                    await session.sync(frame.cursor)
                case Auth():
                    await self._refresh(session, frame.token)

    async def _hello(self, hello: Hello) -> None:
        if self.connection.session is not None:
            raise InvalidRequest.on("type", "hello was said already")
        self.connection.cancel("hello")
        try:
            identity = await in_thread(READS, identify, self.scope, hello.token, hello.tenant)
        except HubError as refusal:
            self.connection.refuse(refusal)
            return
        except Exception:
            self.connection.fail()
            return
        await self.connection.start(identity, hello.cursor, resumes=hello.resumes)
        if self.connection.session is not None:
            self._marks = Marks(self.connection.session)
            self._ping_later()

    async def _refresh(self, session: Session, token: str) -> None:
        """Let the socket live on with a new token. A refused one changes nothing: the old one still has its time."""
        try:
            identity = await in_thread(READS, identify, self.scope, token, None)
        except HubError as refusal:
            self._say(Error("unauthorised", refusal.message, status=401))
            return
        if identity.subscriber_id != session.subscriber_id:
            self.outbox.close(Close.UNAUTHORISED, "a token of somebody else")
            return
        session.identity = identity
        self.connection.expect_end(identity)

    def _say(self, error: Error) -> None:
        self.outbox.push(encode(error))

    # time

    def _ping_later(self) -> None:
        self.connection.after("ping", conf.ping_interval, self._ping)

    def _ping(self) -> None:
        silence = asyncio.get_running_loop().time() - self._heard
        if silence >= 2 * conf.ping_interval:
            self.outbox.close(Close.NO_PONG, "no answer to pings", drop=True)
        elif self.connection.session is not None:
            self.connection.session.ping()
            self._ping_later()
