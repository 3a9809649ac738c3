"""What a socket and an event stream have in common: a session, what it hears, its timers, and its end."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from consumers.auth import Identity, Scope, close_code, identify
from consumers.channel import Channel, Message
from consumers.edge import current_edge
from consumers.frames import Close
from consumers.outbox import Outbox
from consumers.session import Session
from consumers.work import READS, in_thread
from hub.exceptions import HubError
from hub.inbox.cursors import Cursor
from hub.live import FRAME, user_group

logger = logging.getLogger(__name__)

# seconds after which somebody with a session cookie is asked for it again: they may have logged out
SESSION_CHECK = 300.0


class Connection:
    """From the first byte to the last. `session` is None until somebody was let in. Transports feed it."""

    def __init__(self, scope: Scope, outbox: Outbox) -> None:
        self.edge = current_edge()
        self.session: Session | None = None
        self._scope = scope
        self._address = ""
        self._outbox = outbox
        self._channel = Channel(self._on_group_message)
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def ids(self) -> dict[str, str]:
        """What a line of the log says of it: nothing before somebody was let in."""
        return self.session.ids if self.session is not None else {}

    def arrive(self) -> None:
        """Take a place. Raises Unavailable and TooManyConnections."""
        address = str((self._scope.get("client") or ["unknown"])[0])
        self.edge.arrive(address)
        self._address = address

    def refuse(self, refusal: HubError) -> None:
        """Close with what the refusal is on a socket."""
        self._outbox.close(close_code(refusal), refusal.message)

    async def start(self, identity: Identity, cursor: Cursor | None, *, resumes: bool) -> None:
        """Send `ready` and what happened since `cursor`, then what happens. `resumes`: a cursor was given, maybe not ours.

        Be present and subscribe first, then read: what happens in between is held, and not missed.
        """
        try:
            self.edge.check_room(identity)
        except HubError as refusal:
            self.refuse(refusal)
            return
        self.session = session = Session(edge=self.edge, identity=identity, outbox=self._outbox)
        try:
            join = self._channel.join(user_group(session.subscriber_id))
            await asyncio.gather(self.edge.enter(session), join)
            await session.start(cursor, resumes=resumes)
        except Exception:
            self.fail()
        else:
            self.expect_end(identity)

    def fail(self) -> None:
        """Close, as what is needed to start can't be done now. Called where the error is handled."""
        logger.exception("A hello failed", extra=self.ids)
        self._outbox.close(Close.GOING_AWAY, "not possible at the moment")

    def expect_end(self, identity: Identity) -> None:
        """A token ends by itself; a session has to be asked."""
        if identity.expires_at is not None:
            left = (identity.expires_at - datetime.now(UTC)).total_seconds()
            self.after("end", left, self._outbox.close, Close.TOKEN_EXPIRED, "the token has expired")
        else:
            self.after("end", SESSION_CHECK, self._ask_again, identity)

    def after(self, name: str, delay: float, callback: Callable[..., None], *args: Any) -> None:
        """Call `callback` in `delay` seconds, unless the timer of that name is set again, cancelled, or all ends."""
        self.cancel(name)
        self._timers[name] = asyncio.get_running_loop().call_later(delay, callback, *args)

    def cancel(self, name: str) -> None:
        """Forget a timer, if it is set."""
        if name in self._timers:
            self._timers.pop(name).cancel()

    async def stop(self) -> None:
        """The connection is gone."""
        for timer in self._timers.values():
            timer.cancel()
        self._outbox.stop()
        if self.session is not None:
            self.edge.leave(self.session)
        if self._address:
            self.edge.depart(self._address)
        await self._channel.leave()

    def _on_group_message(self, message: Message) -> None:
        if self.session is not None and message["type"] == FRAME:
            self.session.deliver(message.get("seq"), _text(message["frame"]))

    def _ask_again(self, identity: Identity) -> None:
        self.edge.spawn(self._check_session(identity))

    async def _check_session(self, identity: Identity) -> None:
        try:
            await in_thread(READS, identify, self._scope, None, identity.tenant)
        except HubError as refusal:
            self.refuse(refusal)
        except Exception as error:
            logger.warning("A session can't be looked up now: %r", error, extra=self.ids)
        if not self._outbox.closed:
            self.expect_end(identity)


def _text(frame: bytes | str | dict[str, Any]) -> str:
    """A frame as anybody may publish it."""
    if isinstance(frame, bytes):
        return frame.decode()
    return frame if isinstance(frame, str) else orjson.dumps(frame).decode()
