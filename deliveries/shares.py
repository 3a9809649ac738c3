"""How the places of a drain are shared among accounts, and how many of those that have one may be on record as called."""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable
from uuid import UUID

from deliveries.providers.base import Provider
from hub.conf import conf
from hub.providers.accounts import Account
from hub.providers.kinds import known_kind

# an account of which nothing has landed for so long (seconds) hangs: nobody waits for its places
HANGS = 1.0


class _Ledger(ABC):
    """What deliveries hold of their accounts. Of one drain, in its thread only."""

    def __init__(self) -> None:
        self._holders: dict[UUID, Collection[Account]] = {}
        self._held: Counter[str] = Counter()

    @abstractmethod
    def left_to(self, account: Account) -> int:
        """How many more an account may have. One of several that carry a delivery may have one more than its own."""

    def take(self, delivery_id: UUID, accounts: Collection[Account]) -> bool:
        """Whether any of these accounts has one left for it; then it has it."""
        for account in accounts:
            if self.left_to(account) > 0:
                self._holders[delivery_id] = accounts
                self._move(accounts, 1)
                return True
        return False

    def give_back(self, delivery_ids: Iterable[UUID]) -> None:
        """These need none any more."""
        for delivery_id in delivery_ids:
            self._move(self._holders.pop(delivery_id), -1)

    def _move(self, accounts: Iterable[Account], by: int) -> None:
        for account in accounts:
            self._held[account.id] += by


class Shares(_Ledger):
    """Places: no account has more than it leaves free, so those that hang can't have all, nor hold up another's half."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity
        self._moved_at: dict[str, float] = {}

    @property
    def held(self) -> int:
        """Deliveries that have a place."""
        return len(self._holders)

    def held_by(self, account_id: str) -> int:
        return self._held[account_id]

    def still_for(self, account_id: str) -> float:
        """For how many seconds an account has owed answers and given none."""
        return time.monotonic() - self._moved_at[account_id] if self._held[account_id] else 0.0

    def left_to(self, account: Account) -> int:
        return self._half(self._held[account.id])

    def wanted(self) -> int:
        """How many deliveries it makes sense to claim: not more than the busiest account could take, unless it hangs."""
        busy = [held for name, held in self._held.items() if held and self.still_for(name) < HANGS]
        return self._half(max(busy)) if busy else max(self._half(0), min(self._free, 1))

    def _half(self, held: int) -> int:
        return max((self._free - held) // 2, 0)

    @property
    def _free(self) -> int:
        return self._capacity - len(self._holders)

    def _move(self, accounts: Iterable[Account], by: int) -> None:
        super()._move(accounts, by)
        for account in accounts:
            self._moved_at[account.id] = time.monotonic()


class Calls(_Ledger):
    """Who has a place waits for one of the account's calls without an attempt, and so in no doubt."""

    def __init__(self) -> None:
        super().__init__()
        self._most: dict[str, int] = {}

    def left_to(self, account: Account) -> int:
        if account.id not in self._most:
            self._most[account.id] = most_of(account)
        return self._most[account.id] - self._held[account.id]


def most_of(account: Account) -> int:
    """How many deliveries of an account a drain has on record as under way: as many as its calls carry at once, and a few. By
    its class: an instance may carry less a call."""
    kind = known_kind(account.kind)
    calls = _positive(getattr(kind, "concurrency", None)) or Provider.concurrency
    return under_way(min(calls, conf.delivery_concurrency)) * (_positive(getattr(kind, "batch_size", None)) or 1)


def under_way(calls: int) -> int:
    """A fifth more than are called at once, as some are on their way to a call, or from one to the record, at every moment."""
    return calls + max(calls // 5, 1)


def _positive(value: object) -> int:
    """0 for what is no number of anything."""
    return max(value, 0) if isinstance(value, int) else 0
