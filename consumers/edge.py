"""What the sockets of one process and event loop share: who is here and may stay, presence, repairs, and acks."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from consumers.auth import Identity
from consumers.channel import Channel, Message
from consumers.limits import TooManyConnections, Unavailable
from consumers.presence import Presence
from consumers.work import READS, WRITES, Batcher, in_thread
from hub.conf import conf
from hub.inbox.cursors import Cursor
from hub.inbox.selectors import CatchUp, catch_up
from hub.inbox.services import Ack, acknowledge
from hub.live import EDGES, RECHECK
from hub.tenancy.revocation import Credential, standings

if TYPE_CHECKING:
    from consumers.session import Session

logger = logging.getLogger(__name__)

# credentials that are looked up in one query
STANDINGS = 5_000
# seconds that acks are gathered before they are written, and that a session's next one waits
ACK_FLUSH, ACK_INTERVAL = 0.2, 1.0
# catch-ups in one query, and the seconds that they wait for each other
CATCH_UPS, CATCH_UP_DELAY = 100, 0.002
# milliseconds over which clients come back after a deploy: at least, and for each connection (so 200 hellos a second)
RETRY_MS, RETRY_MS_EACH = 5_000, 5

_edges: "WeakKeyDictionary[asyncio.AbstractEventLoop, Edge]" = WeakKeyDictionary()


def current_edge() -> "Edge":
    """The edge of the running event loop."""
    loop = asyncio.get_running_loop()
    edge = _edges.get(loop)
    if edge is None:
        edge = _edges[loop] = Edge()
    return edge


class Edge:
    """Sessions by subscriber, and what is done for all of them at once. Its tasks live while anybody is here."""

    def __init__(self) -> None:
        self.draining = False
        self.presence = Presence()
        self._sessions: dict[UUID, set[Session]] = defaultdict(set)
        self._addresses: Counter[str] = Counter()
        self._catch_ups: Batcher[tuple[UUID, Cursor | None], CatchUp | None] = Batcher(
            catch_up, delay=CATCH_UP_DELAY, size=CATCH_UPS
        )
        self._behind: set[Session] = set()
        self._repair_timer: asyncio.TimerHandle | None = None
        self._acks: dict[tuple[Session, bool], int] = {}
        self._ack_timer: asyncio.TimerHandle | None = None
        self._control: Channel | None = None
        self._head_check: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def arrive(self, address: str) -> None:
        """Somebody connects, who may be anybody. Raises Unavailable and TooManyConnections; else `depart` must follow."""
        if self.draining:
            raise Unavailable("going away")
        if self._addresses[address] >= conf.connections_per_address:
            raise TooManyConnections("too many connections from this address")
        self._addresses[address] += 1

    def depart(self, address: str) -> None:
        """Who arrived has left."""
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def check_room(self, identity: Identity) -> None:
        """Raises TooManyConnections when this subscriber may not have one more."""
        if len(self._sessions.get(identity.subscriber_id, ())) >= conf.connections_per_subscriber:
            raise TooManyConnections("too many connections of this subscriber")

    async def enter(self, session: "Session") -> None:
        """From now on the session's subscriber is present, and its head is watched."""
        self._sessions[session.subscriber_id].add(session)
        if self._head_check is None or self._head_check.done():
            self._head_check = asyncio.create_task(self._check_regularly())
        await asyncio.gather(self.presence.enter(session.subscriber_id), self._hear())

    def leave(self, session: "Session") -> None:
        """The session is over."""
        sessions = self._sessions.get(session.subscriber_id, set())
        sessions.discard(session)
        self._behind.discard(session)
        if not sessions and self._sessions.pop(session.subscriber_id, None) is not None:
            self.presence.leave(session.subscriber_id)
        if not self._sessions and self._head_check is not None:
            self._head_check.cancel()
            control, self._control = self._control, None
            if control is not None:
                self.spawn(control.leave())

    def spawn(self, job: Coroutine[Any, Any, None]) -> None:
        """Run `job` beside the caller."""
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def catch_up(self, subscriber_id: UUID, cursor: Cursor | None) -> CatchUp | None:
        """What happened since `cursor`, read together with what others ask at this moment."""
        return await self._catch_ups.ask((subscriber_id, cursor))

    def repair(self, session: "Session") -> None:
        """The session misses something. Wait `gap_wait` for a slower publisher, then read for all who still do."""
        self._behind.add(session)
        if self._repair_timer is None:
            self._repair_timer = asyncio.get_running_loop().call_later(conf.gap_wait, self._repair)

    def _repair(self) -> None:
        self._repair_timer = None
        behind, self._behind = self._behind, set()
        for session in behind:
            if session.is_behind:
                self.spawn(session.repair())

    async def _hear(self) -> None:
        """Be told at once when somebody may no longer stay. A message that is lost costs the time of a head check."""
        if self._control is None:
            self._control = Channel(self._on_control)
            await self._control.join(EDGES)

    def _on_control(self, message: Message) -> None:
        if message["type"] == RECHECK:
            tenant = message["tenant"] and UUID(message["tenant"])
            named = [session for who in message["subscribers"] for session in self._sessions.get(UUID(who), ())]
            theirs = [session for session in self._everybody() if session.identity.tenant_id == tenant]
            self.spawn(self._check([*named, *theirs]))

    def _everybody(self) -> list["Session"]:
        return [session for sessions in self._sessions.values() for session in sessions]

    async def _check_regularly(self) -> None:
        """A lost frame that no later one reveals shows itself here, and so does whoever may no longer stay."""
        while self._sessions:
            await asyncio.sleep(conf.head_check_interval)
            await self._check(self._everybody())

    async def _check(self, sessions: Iterable["Session"]) -> None:
        """Compare sessions with the record: one query for all, or for each `STANDINGS` of them."""
        by_credential: dict[Credential, list[Session]] = defaultdict(list)
        for session in sessions:
            by_credential[session.identity.credential].append(session)
        asked = list(by_credential)
        for start in range(0, len(asked), STANDINGS):
            part = asked[start : start + STANDINGS]
            try:
                found = await in_thread(READS, standings, part)
            except Exception as error:
                logger.warning("Sessions can't be compared with the record: %r", error)
                return
            for credential, standing in zip(part, found, strict=True):
                for session in by_credential[credential]:
                    # an `auth` may have come meanwhile
                    if session.identity.credential == credential:
                        session.compare(standing)

    def acknowledge(self, session: "Session", *, seq: int, focused: bool) -> None:
        """Note that the session has stored everything up to `seq`. Focused and plain acks are kept apart."""
        key = (session, focused)
        self._acks[key] = max(seq, self._acks.get(key, 0))
        if self._ack_timer is None:
            self._ack_timer = asyncio.get_running_loop().call_later(ACK_FLUSH, self._flush_acks)

    def _flush_acks(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = {key: seq for key, seq in self._acks.items() if now - key[0].acked_at >= ACK_INTERVAL}
        self._acks = {key: seq for key, seq in self._acks.items() if key not in due}
        self._ack_timer = loop.call_later(ACK_FLUSH, self._flush_acks) if self._acks else None
        acks: dict[tuple[UUID, bool], int] = defaultdict(int)
        for (session, focused), seq in due.items():
            session.acked_at = now
            acks[session.subscriber_id, focused] = max(seq, acks[session.subscriber_id, focused])
        if acks:
            self.spawn(self._write_acks([Ack(who, seq, focused) for (who, focused), seq in acks.items()]))

    async def _write_acks(self, acks: list[Ack]) -> None:
        """Focused ones first: what they cancel is no longer there to be postponed."""
        try:
            for focused in (True, False):
                await in_thread(WRITES, acknowledge, [ack for ack in acks if ack.focused is focused])
        except Exception as error:
            # an ack that is lost costs an extra push, never a missing one
            logger.warning("%d acks are lost: %r", len(acks), error)

    def drain(self) -> None:
        """Tell every client to come back elsewhere, at a moment of its own, and let nobody in any more."""
        self.draining = True
        everybody = self._everybody()
        window = (0, max(RETRY_MS, RETRY_MS_EACH * len(everybody)))
        for session in everybody:
            session.go_away("deploy", window)
