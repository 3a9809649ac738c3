"""What one socket has been sent of its subscriber's stream, and what comes next: the ordering of `hub.v1`."""

import asyncio
import logging
from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

from consumers.auth import Identity, close_code, refusal
from consumers.edge import Edge
from consumers.frames import Batch, Close, Error, GoAway, Ping, Ready, Receipt, ServerFrame, encode
from consumers.outbox import Outbox
from hub.clock import iso
from hub.conf import conf
from hub.ids import uuid7
from hub.inbox.cursors import Cursor
from hub.inbox.selectors import CatchUp
from hub.inbox.services import Receipt as MarkReceipt
from hub.tenancy.revocation import Standing

logger = logging.getLogger(__name__)

BATCH = 100
# seconds that a receipt waits for the state frame of its change, before that counts as lost
RECEIPT_WAIT = 1.0


class Session:
    """One subscriber's socket, from hello to close.

    `sent`: the seq up to which the client has everything. A live frame of seq `sent + 1` is forwarded as it is; an
    older one is dropped; a later one is held, for a slower publisher or a read to fill the gap. While a read is under
    way all are held: its batches come first.
    """

    def __init__(self, *, edge: Edge, identity: Identity, outbox: Outbox) -> None:
        self.id = str(uuid7())
        self.identity = identity
        self.acked_at = float("-inf")
        self.sent = 0
        self._edge = edge
        self._outbox = outbox
        self._epoch = ""
        self._head = 0  # the highest seq that is known to exist
        self._held: dict[int, str] = {}
        self._receipts: list[tuple[int, str]] = []
        self._reading = asyncio.Lock()
        self._live = False

    @property
    def subscriber_id(self) -> UUID:
        return self.identity.subscriber_id

    @property
    def ids(self) -> dict[str, str]:
        """What a line of the log says of it."""
        return self.identity.ids | {"session_id": self.id}

    @property
    def is_behind(self) -> bool:
        """Whether something exists that the client wasn't sent."""
        return self._live and not self._outbox.closed and self._head > self.sent

    # what goes out

    def deliver(self, seq: int | None, frame: str) -> None:
        """Take a live frame, as published. Without a seq it is not durable, and is sent as it is."""
        if seq is None:
            if self._live:
                self._outbox.push(frame)
        elif seq > self.sent:
            if self._live and not self._reading.locked() and seq == self.sent + 1:
                self._forward(seq, frame)
                self._release_held()
            else:
                self._hold(seq, frame)

    def say(self, frame: ServerFrame, seq: int | None = None) -> None:
        """Send a frame of this edge's own. `seq`: where the client is after it, if it moves the client."""
        self._outbox.push(encode(frame), seq)

    def ping(self) -> None:
        """`head` lets the client see a tail that got lost on the way here."""
        self.say(Ping(max(self.sent, self._head)))

    def go_away(self, reason: str, retry_ms: tuple[int, int]) -> None:
        """Ask the client to come back elsewhere, and close."""
        self.say(GoAway(reason, retry_ms))
        self.close(Close.GOING_AWAY, reason)

    def confirm(self, mark_id: str, receipt: MarkReceipt) -> None:
        """Send a receipt after the state frame of its change."""
        seq = receipt.cursor.seq
        text = encode(Receipt(mark_id, seq, receipt.changed, receipt.counts))
        self._receipts.append((seq, text))
        self._release_receipts()
        if seq > self.sent:
            asyncio.get_running_loop().call_later(RECEIPT_WAIT, self.learn_head, seq)

    def close(self, code: Close, reason: str = "", *, drop: bool = False) -> None:
        """Close the socket, after what is queued or (`drop`) instead of it."""
        self._outbox.close(code, reason, drop=drop)

    # what keeps it whole

    async def start(self, cursor: Cursor | None, *, resumes: bool) -> None:
        """Say `ready`, then what happened since `cursor`. The caller has joined the subscriber's group before."""
        async with self._reading:
            found = await self._edge.catch_up(self.subscriber_id, cursor)
            if found is None:
                self.close(Close.REVOKED, "there is no such subscriber")
                return
            recovered = found.recovered and (cursor is not None or not resumes)
            self._epoch = self._outbox.epoch = found.cursor.epoch
            catches_up = resumes and recovered
            self._say_ready(found, recovered, None if catches_up else found.cursor.seq)
            if catches_up:
                self._send_batches(found)
            self.sent = found.cursor.seq
            self._live = True
        self._after_read()

    async def sync(self, cursor: Cursor) -> None:
        """Send what happened since the client's own cursor."""
        async with self._reading:
            self._apply(await self._edge.catch_up(self.subscriber_id, cursor))
        self._after_read()

    async def repair(self) -> None:
        """Read what the stream has beyond `sent`."""
        async with self._reading:
            filled = not self.is_behind or await self._fill()
        self._after_read(again=filled)

    def learn_head(self, seq: int) -> None:
        """`seq` exists. Have it read, if it has not been sent."""
        self._head = max(self._head, seq)
        if self.is_behind:
            self._edge.repair(self)

    def compare(self, standing: Standing | None) -> None:
        """Compare with the record: whether this session may stay, and the head; None: there is no such subscriber."""
        refused = refusal(self.identity, standing)
        if refused is not None:
            self.close(close_code(refused), refused.message)
        elif standing is not None and self._live:
            self._compare_head(standing.head)

    # details

    def _compare_head(self, head: Cursor) -> None:
        if head.epoch != self._epoch:
            self._lose_sequence()
        else:
            self.learn_head(head.seq)

    def _say_ready(self, found: CatchUp, recovered: bool, seq: int | None) -> None:
        self.say(
            Ready(
                session=self.id,
                subscriber=self.identity.name,
                cursor=str(found.cursor),
                recovered=recovered,
                counts=found.counts,
                ping_ms=int(conf.ping_interval * 1000),
                expires_at=iso(self.identity.expires_at),
            ),
            seq,
        )

    def _apply(self, found: CatchUp | None) -> None:
        if found is None or not found.recovered:
            self._lose_sequence()
            return
        self._send_batches(found)
        self.sent = max(self.sent, found.cursor.seq)

    async def _fill(self) -> bool:
        before, held = self.sent, set(self._held)
        try:
            found = await self._edge.catch_up(self.subscriber_id, Cursor(self._epoch, before))
        except Exception as error:
            logger.warning("A gap can't be filled now: %r", error, extra=self.ids)
            return False  # the next head check asks again
        if found is not None and found.recovered and found.cursor.seq == before:
            # published before the read, and yet not in the record: nobody of ours did that
            self._held = {seq: frame for seq, frame in self._held.items() if seq not in held}
            self._head = max(self._held, default=before)
        else:
            self._apply(found)
        return True

    def _send_batches(self, found: CatchUp) -> None:
        for items, last, more in _batches(found.items):
            head = found.cursor.seq
            self.say(Batch(items, head, found.counts, more), last if more else head)

    def _lose_sequence(self) -> None:
        self.say(Error("sequence_lost", "The cursor cannot be resumed from"))
        self.close(Close.SEQUENCE_LOST, "sequence lost")

    def _forward(self, seq: int, frame: str) -> None:
        self.sent = seq
        self._outbox.push(frame, seq)
        if self._receipts:
            self._release_receipts()

    def _hold(self, seq: int, frame: str) -> None:
        # what is not kept is read instead
        if len(self._held) < conf.socket_queue:
            self._held[seq] = frame
        self.learn_head(seq)

    def _after_read(self, *, again: bool = True) -> None:
        self._release_held()
        self._release_receipts()
        if again:
            self.learn_head(self._head)

    def _release_held(self) -> None:
        if not self._held:
            return
        while (frame := self._held.pop(self.sent + 1, None)) is not None:
            self._forward(self.sent + 1, frame)
        self._held = {seq: frame for seq, frame in self._held.items() if seq > self.sent}

    def _release_receipts(self) -> None:
        while self._receipts and self._receipts[0][0] <= self.sent:
            self._outbox.push(self._receipts.pop(0)[1])


def _batches(items: list[tuple[int, bytes]]) -> Iterator[tuple[tuple[bytes, ...], int, bool]]:
    """(items, the seq of the last, whether more follow): at most BATCH items, unless one seq has more, as a seq is never
    split. At least one batch, maybe empty."""
    batch: list[bytes] = []
    last = 0
    for seq, same_seq in groupby(items, key=lambda item: item[0]):
        changed = [item for _, item in same_seq]
        if batch and len(batch) + len(changed) > BATCH:
            yield tuple(batch), last, True
            batch = []
        batch.extend(changed)
        last = seq
    yield tuple(batch), last, False
