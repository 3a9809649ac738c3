"""The socket: Channels' consumer of `hub.v1`. It accepts, listens to hello, obeys frames, and cleans up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer

from consumers.auth import Identity, Refused, by_token, identify
from consumers.channel import Channel
from consumers.edge import Edge, current_edge
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
from consumers.outbox import Outbox, Send
from consumers.session import Session
from consumers.work import READS, in_thread
from hub.conf import conf
from hub.exceptions import HubError, InvalidRequest
from hub.live import FRAME, user_group

logger = logging.getLogger(__name__)

# frames a second that a client may send on average, and at once
RATE, BURST = 20, 60
# seconds after which somebody with a session cookie is asked for it again: they may have logged out
SESSION_CHECK = 300.0

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]


class HubConsumer(AsyncConsumer):
    """One socket of one subscriber."""

    edge: Edge
    outbox: Outbox
    session: Session | None = None

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.edge = current_edge()
        self.outbox = Outbox(send, limit=conf.socket_queue, overflow=self._overflow, abandon=self._abandon)
        self._server = getattr(send, "__self__", None)
        self._task = asyncio.current_task()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._allowance = Allowance(RATE, BURST)
        self._heard = asyncio.get_running_loop().time()
        self._channel = Channel(self._on_group_message)
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            await self._leave()

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
        if spoken is None:
            self.outbox.close(Close.SUBPROTOCOL, f"speak {SUBPROTOCOL}")
        elif self.edge.draining:
            self.outbox.close(Close.GOING_AWAY, "going away")
        else:
            self._after("hello", conf.hello_timeout, self.outbox.close, Close.HELLO_TIMEOUT, "no hello")

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

    def _on_group_message(self, message: Event) -> None:
        if self.session is not None and message["type"] == FRAME:
            self.session.deliver(message.get("seq"), _text(message["frame"]))

    # from the client

    async def _obey(self, frame: dict[str, Any]) -> None:
        mark_id = frame.get("id")
        answers = mark_id if isinstance(mark_id, str) else None
        try:
            await self._carry_out(parse(frame))
        except HubError as error:
            self._say(Error(error.code, error.message, answers, error.status))
        except Exception:
            logger.exception("A frame failed")
            self._say(Error("unavailable", "Not possible at the moment", answers, 503, retry_after=1))

    async def _carry_out(self, frame: ClientFrame | None) -> None:
        session = self.session
        if isinstance(frame, Hello):
            await self._hello(frame)
        elif session is None and frame is not None:
            raise InvalidRequest.on("type", "the first frame is hello")
        elif session is not None:
            match frame:
                case Mark():
                    self._marks.put(frame)
                case Ack():
                    self.edge.acknowledge(session, seq=min(frame.seq, session.sent), focused=frame.focused)
                case Sync():
                    await session.sync(frame.cursor)
                case Auth():
                    await self._refresh(session, frame.token)

    async def _hello(self, hello: Hello) -> None:
        if self.session is not None:
            raise InvalidRequest.on("type", "hello was said already")
        self._timers.pop("hello").cancel()
        try:
            identity = await in_thread(READS, identify, self.scope, hello.token, hello.tenant)
            self.session = Session(edge=self.edge, identity=identity, outbox=self.outbox)
            self._marks = Marks(self.session)
            await self._join(self.session)
            await self.session.start(hello.cursor, resumes=hello.resumes)
        except Refused as refusal:
            self.outbox.close(refusal.code, refusal.reason)
        except Exception:
            logger.exception("A hello failed")
            self.outbox.close(Close.GOING_AWAY, "not possible at the moment")
        else:
            self._expect_end(identity)
            self._after("ping", conf.ping_interval, self._ping)

    async def _join(self, session: Session) -> None:
        """Be present and subscribe first, then read: what happens in between is held, and not missed."""
        await asyncio.gather(self.edge.enter(session), self._channel.join(user_group(session.subscriber_id)))

    async def _refresh(self, session: Session, token: str) -> None:
        """Let the socket live on with a new token. A refused one changes nothing: the old one still has its time."""
        try:
            identity = await in_thread(READS, by_token, self.scope, token)
        except Refused as refusal:
            self._say(Error("unauthorised", refusal.reason, status=401))
            return
        if identity.subscriber_id != session.subscriber_id:
            self.outbox.close(Close.UNAUTHORISED, "a token of somebody else")
            return
        session.identity = identity
        self._expect_end(identity)

    # time

    def _after(self, name: str, delay: float, callback: Callable[..., None], *args: Any) -> None:
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = asyncio.get_running_loop().call_later(delay, callback, *args)

    def _expect_end(self, identity: Identity) -> None:
        """A token ends by itself; a session has to be asked."""
        if identity.expires_at is not None:
            left = (identity.expires_at - datetime.now(UTC)).total_seconds()
            self._after("end", left, self.outbox.close, Close.TOKEN_EXPIRED, "the token has expired")
        else:
            self._after("end", SESSION_CHECK, lambda: self.edge.spawn(self._ask_again()))

    async def _ask_again(self) -> None:
        session = self.session
        assert session is not None  # noqa: S101  asked since hello
        try:
            identity = await in_thread(READS, identify, self.scope, None, session.identity.tenant)
        except Refused as refusal:
            self.outbox.close(refusal.code, refusal.reason)
        except Exception as error:
            logger.warning("A session can't be looked up now: %r", error)
            self._expect_end(session.identity)
        else:
            self._expect_end(identity)

    def _ping(self) -> None:
        silence = asyncio.get_running_loop().time() - self._heard
        if silence >= 2 * conf.ping_interval:
            self.outbox.close(Close.NO_PONG, "no answer to pings", drop=True)
        elif self.session is not None:
            self.session.ping()
            self._after("ping", conf.ping_interval, self._ping)

    # ends

    def _say(self, error: Error) -> None:
        self.outbox.push(encode(error))

    def _overflow(self) -> None:
        self.outbox.close(Close.SLOW_CONSUMER, "too slow", drop=True)

    def _abandon(self) -> None:
        """The peer doesn't even read that it was closed. Uvicorn would wait for it for as long as it lives."""
        transport = getattr(self._server, "transport", None)
        if transport is not None:
            transport.abort()
        elif self._task is not None:
            self._task.cancel()

    async def _leave(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self.outbox.stop()
        if self.session is not None:
            self._marks.stop()
            self.edge.leave(self.session)
        await self._channel.leave()


def _text(frame: bytes | str | dict[str, Any]) -> str:
    """A frame as anybody may publish it."""
    if isinstance(frame, bytes):
        return frame.decode()
    return frame if isinstance(frame, str) else orjson.dumps(frame).decode()
