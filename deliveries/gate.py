"""The gate before the providers: who is at rest is not called, who takes so many a second gets no more, and who hangs takes
no places from others.

What this process has seen counts at once; what others have seen, from the next exchange with Redis on. Calls never wait for it.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from math import ceil
from threading import Lock

from deliveries.providers.base import Provider, Receipt
from deliveries.providers.errors import Deferred
from deliveries.tokens import Tokens
from hub.conf import conf
from hub.policy.circuit import SUCCESSES, Circuit, State
from hub.policy.retry import Answer
from hub.policy.rooms import Room
from hub.providers.accounts import Account
from hub.providers.circuits import exchange, rule, take_probe
from hub.providers.kinds import known_kind

logger = logging.getLogger(__name__)

# how long what others know may be old, seconds
FRESH = 0.25
# when to come back to an account that has no place, or waits for its probe
BUSY = 1.0


class Gate:
    """`look` and `room` are called from the drains' threads, `admit` and `report` on the loop."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._looking = Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._circuits: dict[str, Circuit] = {}
        self._heard: defaultdict[str, list[Answer]] = defaultdict(list)
        self._tokens: dict[str, Tokens] = {}
        self._looked_at = float("-inf")
        # of Redis's clock, by the monotonic one
        self._ahead = time.time() - time.monotonic()

    def look(self) -> None:
        """Tell the other processes what this one has heard, and learn what they have. No more often than is of use."""
        if not self._heard and time.monotonic() < self._looked_at + FRESH:
            return
        if not self._looking.acquire(blocking=False):
            return
        try:
            self._exchange()
        finally:
            self._looking.release()

    def room(self, account: Account, *, flying: int, places: int, still_for: float = 0.0) -> Room:
        """How much of an account a claim may have, `places` at most. `flying`: deliveries that are under way through it, of
        which none has landed for `still_for` seconds: who finds no place waits as long again, so that a backlog before an
        account that hangs is not looked at every second."""
        rate = rate_of(account)
        if rate is not None:
            places = min(places, max(ceil(rate * BUSY) - flying, 0))
        spacing = 1 / (rate or conf.delivery_concurrency)
        circuit, now = self._circuits.get(account.circuit, Circuit()), self._now()
        match circuit.state(now, rule()):
            case State.OPEN:
                return Room(0, circuit.rests_until - now, spacing)
            case State.HALF_OPEN:
                return Room(0 if now < circuit.probe_until else min(places, 1), BUSY, spacing)
        return Room(places, min(max(still_for, BUSY), conf.provider_timeout), spacing)

    async def admit(self, provider: Provider, count: int, latest: float) -> None:
        """Return once the account may be called with so many messages. Raises Deferred if that isn't before `latest`."""
        account = provider.account
        await self._pass(account.circuit)
        rate = rate_of(account)
        if rate is not None:
            await self._tokens_of(account, rate, provider.batch_size).take(count, latest)

    def report(self, account: Account, receipts: Sequence[Receipt]) -> None:
        """What the account has answered."""
        name = account.circuit
        well = name not in self._circuits and all(receipt.outcome in SUCCESSES for receipt in receipts)
        if well or getattr(known_kind(account.kind), "hosts_vary", False):
            return
        answers = [Answer(receipt.outcome, receipt.retry_after) for receipt in receipts]
        with self._lock:
            self._heard[name] += answers
            before = self._circuits.get(name, Circuit())
            self._circuits[name] = before.after(answers, self._now(), rule())
        self._log(account.label, before, self._circuits[name])

    async def _pass(self, name: str) -> None:
        circuit, now = self._circuits.get(name), self._now()
        if circuit is None or (state := circuit.state(now, rule())) is State.CLOSED:
            return
        if state is State.OPEN:
            raise Deferred("at_rest", "the provider is at rest", retry_after=circuit.rests_until - now)
        if now >= circuit.probe_until:
            lease = 2.0 * conf.provider_timeout
            self._circuits[name] = circuit.probed(now, lease)
            if await asyncio.to_thread(take_probe, name, lease):
                return
        raise Deferred("probed", "the provider is being tried", retry_after=BUSY)

    def _tokens_of(self, account: Account, rate: float, largest: int) -> Tokens:
        held = self._tokens.get(account.id)
        if held is None or (held.rate, held.largest) != (rate, largest):
            held = self._tokens[account.id] = Tokens(account.id, rate, largest)
        return held

    def _exchange(self) -> None:
        with self._lock:
            heard, self._heard = self._heard, defaultdict(list)
        learnt = exchange(heard)
        self._looked_at = time.monotonic()
        if learnt is None:
            # what was heard counts here already
            return
        present, circuits = learnt
        with self._lock:
            self._ahead = present - time.monotonic()
            # Redis may have lost its memory
            kept = {name: own for name, own in self._circuits.items() if own.rests_until > present}
            self._circuits = kept | {name: one for name, one in circuits.items() if one != Circuit()}
            for name, answers in self._heard.items():
                self._circuits[name] = self._circuits.get(name, Circuit()).after(answers, present, rule())

    def _log(self, label: str, before: Circuit, after: Circuit) -> None:
        if after.rests_until > before.rests_until:
            rest = after.rests_until - self._now()
            logger.warning("%s is at rest for %.0f s after %s failures", label, rest, after.failures)
        elif before.failures >= rule().failures > after.failures:
            logger.info("%s works again", label)

    def _now(self) -> float:
        return time.monotonic() + self._ahead


def rate_of(account: Account) -> float | None:
    """Messages a second that the account may send: what its config says, else what its kind does."""
    rate: float | None = account.config.get("rate") or getattr(known_kind(account.kind), "rate", None)
    return rate


gate = Gate()
