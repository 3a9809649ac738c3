"""How the places of a drain are shared among accounts, and how many of those that have one may be on record as called."""

import time
from collections import Counter
from collections.abc import Collection, Iterable
from uuid import UUID

from deliveries.providers.base import Provider
from hub.conf import conf
from hub.providers.accounts import Account
from hub.providers.kinds import known_kind

# an account of which nothing has landed for so long (seconds) hangs: nobody waits for its places
HANGS = 1.0


class Shares:
    """Of one drain: no account has more than it leaves free, so those that hang can't have all. `free`: places that nobody has.
    In its thread only."""

    def __init__(self, capacity: int) -> None:
        self.free = capacity
        self._carriers: dict[UUID, Collection[str]] = {}
        self._held: Counter[str] = Counter()
        self._moved_at: dict[str, float] = {}

    @property
    def held(self) -> int:
        """Deliveries that have a place."""
        return len(self._carriers)

    def take(self, delivery_id: UUID, account_ids: Collection[str]) -> bool:
        """Whether any of these accounts has a place for it; then it has it. One that hangs holds up no other's half."""
        if not any(map(self.left_to, account_ids)):
            return False
        self._carriers[delivery_id] = account_ids
        self._move(account_ids, 1)
        self.free -= 1
        return True

    def give_back(self, delivery_ids: Collection[UUID]) -> None:
        """These have landed, or were let go."""
        self._move([name for delivery_id in delivery_ids for name in self._carriers.pop(delivery_id)], -1)
        self.free += len(delivery_ids)

    def held_by(self, account_id: str) -> int:
        return self._held[account_id]

    def still_for(self, account_id: str) -> float:
        """For how many seconds an account has owed answers and given none."""
        return time.monotonic() - self._moved_at[account_id] if self._held[account_id] else 0.0

    def left_to(self, account_id: str) -> int:
        """How many more an account may have."""
        return max((self.free - self._held[account_id]) // 2, 0)

    def wanted(self) -> int:
        """How many deliveries it makes sense to claim: not more than the busiest account could take, unless it hangs."""
        busy = [name for name, held in self._held.items() if held and self.still_for(name) < HANGS]
        return min(map(self.left_to, busy), default=max(self.free // 2, min(self.free, 1)))

    def _move(self, names: Iterable[str], by: int) -> None:
        present = time.monotonic()
        for name in names:
            self._held[name] += by
            self._moved_at[name] = present


class Calls:
    """Of one drain: who has a place waits for one of the account's calls without an attempt, and so in no doubt."""

    def __init__(self) -> None:
        self._callers: dict[UUID, Collection[str]] = {}
        self._made: Counter[str] = Counter()
        self._most: dict[str, int] = {}

    def take(self, delivery_id: UUID, accounts: Collection[Account]) -> bool:
        """Whether any of these has a call for it, or is about to; then it may go on record."""
        if not any(map(self._has_one, accounts)):
            return False
        self._callers[delivery_id] = names = [account.id for account in accounts]
        self._made.update(names)
        return True

    def give_back(self, delivery_ids: Collection[UUID]) -> None:
        """These have landed."""
        self._made.subtract([name for delivery_id in delivery_ids for name in self._callers.pop(delivery_id)])

    def _has_one(self, account: Account) -> bool:
        if account.id not in self._most:
            self._most[account.id] = most_of(account)
        return self._made[account.id] < self._most[account.id]


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
