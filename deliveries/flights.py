"""Deliveries on their way, on the process's own event loop: each work to its account's provider, in batches where the
provider takes them; a delivery has landed when all of its destinations have answered."""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any
from uuid import UUID

from deliveries.gate import gate
from deliveries.providers.base import Provider, Receipt, Sent
from deliveries.providers.errors import Ambiguous, Configuration, Deferred, OptedOut, SendError
from deliveries.providers.pool import pool
from hub import loop
from hub.conf import conf
from hub.fallback.record import Result
from hub.fallback.settlement import Claimed
from hub.fallback.work import Work
from hub.providers.accounts import Account
from hub.trace import log_error, trace

logger = logging.getLogger(__name__)

# seconds until what came too late is looked at again
LATE = 1.0

# the results of all destinations of one delivery
Answered = Sequence[Result]
Landed = Callable[[Answered], None]


def take_off(works: Sequence[Work], lane: str, latest: float, landed: Landed) -> None:
    """Start sending. `landed` is called, on the loop, once for each delivery.

    What could not begin before `latest` (monotonic seconds) is not sent: after the lease somebody else may send the same.
    """
    if works:
        loop.spawn(_Flight(works, lane, latest, landed).fly())


class _Flight:
    """The works of one departure."""

    def __init__(self, works: Sequence[Work], lane: str, latest: float, landed: Landed) -> None:
        self.works, self.lane, self.latest, self.landed = works, lane, latest, landed
        # of those that have not landed yet
        self.expected = Counter(work.delivery_id for work in works)
        self.results: defaultdict[UUID, list[Result]] = defaultdict(list)

    async def fly(self) -> None:
        by_account: defaultdict[Account, list[Work]] = defaultdict(list)
        for work in self.works:
            by_account[work.account].append(work)
        await _all(self._through(account, carried) for account, carried in by_account.items())
        self._land_what_is_left()

    async def _through(self, account: Account, works: Sequence[Work]) -> None:
        try:
            provider = await pool.get(account)
            batches = _batches(provider, works)
        except SendError as error:
            gate.report(account, [error] * len(works))
            self._land(works, [error] * len(works), safe=False)
            return
        await _all(self._send(provider, batch) for batch in batches)

    async def _send(self, provider: Provider, batch: Sequence[Work]) -> None:
        trace(**_ids(batch))
        async with pool.places(provider, self.lane):
            receipts = await _call(provider, batch, self.latest)
        self._land(batch, receipts, safe=provider.idempotency is not None)

    def _land(self, batch: Sequence[Work], receipts: Sequence[Receipt], *, safe: bool) -> None:
        for work, receipt in zip(batch, receipts, strict=True):
            results = self.results[work.delivery_id]
            results.append(_result(work, receipt, safe))
            if len(results) == self.expected[work.delivery_id]:
                del self.expected[work.delivery_id]
                self.landed(self.results.pop(work.delivery_id))

    def _land_what_is_left(self) -> None:
        """Nothing, unless sending broke where no provider is to blame: who waits for a landing must not wait for ever."""
        answered = {result.destination_id for results in self.results.values() for result in results}
        left = [one for one in self.works if one.delivery_id in self.expected and one.destination_id not in answered]
        self._land(left, [Ambiguous("broken")] * len(left), safe=False)


def _batches(provider: Provider, works: Sequence[Work]) -> list[Sequence[Work]]:
    """As many works a call as the provider takes. Raises Configuration."""
    size = provider.batch_size
    if size == 1:
        return [[work] for work in works]
    alike: defaultdict[object, list[Work]] = defaultdict(list)
    try:
        for work in works:
            alike[provider.batch_key(work)].append(work)
        return [group[start : start + size] for group in alike.values() for start in range(0, len(group), size)]
    except Exception as error:
        log_error(logger, f"{provider.account.label} broke its contract", error)
        raise Configuration(type(error).__name__, "what may share a call can't be told") from error


async def _all(sendings: Iterable[Coroutine[Any, Any, None]]) -> None:
    """To the end, each whatever becomes of the others."""
    for error in await asyncio.gather(*sendings, return_exceptions=True):
        if isinstance(error, Exception):
            log_error(logger, "sending broke", error)


async def _call(provider: Provider, batch: Sequence[Work], latest: float) -> Sequence[Receipt]:
    try:
        await gate.admit(provider, len(batch), latest)
    except Deferred as error:
        return [error] * len(batch)
    if time.monotonic() > latest:
        return [Deferred("not_started", "its turn came too late", retry_after=LATE)] * len(batch)
    receipts = await _answers(provider, batch)
    gate.report(provider.account, receipts)
    return receipts


async def _answers(provider: Provider, batch: Sequence[Work]) -> Sequence[Receipt]:
    """A receipt for each of them, come what may."""
    try:
        # the provider keeps its own time; this is for one that doesn't
        async with asyncio.timeout(2 * conf.provider_timeout):
            receipts = await provider.send(batch)
        if len(receipts) == len(batch) and all(isinstance(receipt, Receipt) for receipt in receipts):
            return receipts
        logger.error("%s broke its contract: no receipt for each of %s", provider.account.label, len(batch))
        return [Ambiguous("receipts")] * len(batch)
    except SendError as error:
        return [error] * len(batch)
    except TimeoutError:
        return [Ambiguous("timeout")] * len(batch)
    except Exception as error:
        log_error(logger, f"{provider.account.label} broke its contract", error)
        return [Ambiguous(type(error).__name__)] * len(batch)


def _result(work: Work, receipt: Receipt, safe: bool) -> Result:
    """The receipt for the record, and a line in the log that says which attempt it was."""
    result = Result(
        Claimed(work.delivery_id, work.account.channel, work.fence, work.attempts, work.unknowns),
        work.destination_id,
        receipt.outcome,
        code=receipt.code,
        answer=receipt.answer,
        retry_after=receipt.retry_after,
        provider_message_id=receipt.message_id if isinstance(receipt, Sent) else "",
        elsewhere=work.elsewhere,
        safe=safe,
        opted_out=isinstance(receipt, OptedOut),
    )
    told = {"attempt_id": str(work.attempt_id), "outcome": result.outcome, "code": result.code}
    logger.info("attempt", extra=told | {"provider": work.account.label})
    return result


def _ids(batch: Sequence[Work]) -> dict[str, object]:
    """What all log lines about these works can say."""
    one, *others = batch
    ids = {
        "tenant": one.tenant,
        "notification_id": one.notification_id,
        "delivery_id": one.delivery_id,
        "request_id": one.request_id or None,
    }
    return ids if not others else {}
