"""How the places of a drain are shared among accounts: none has more than it leaves free, so those that hang can't have all,
nor more than it can call with, so that what waits for a call is not on record as one."""

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
    """Of one drain. `free`: places that nobody has. In its thread only."""

    def __init__(self, capacity: int) -> None:
        self.free = capacity
        self._carriers: dict[UUID, Collection[str]] = {}
        self._flying: Counter[str] = Counter()
        # of those that anything has taken off with
        self._most: dict[str, int] = {}
        self._moved_at: dict[str, float] = {}

    @property
    def flying(self) -> int:
        """Deliveries under way."""
        return len(self._carriers)

    def take(self, delivery_id: UUID, accounts: Collection[Account]) -> bool:
        """Whether any of these has a place for it; then it is under way. One that hangs holds up no other's half."""
        for account in accounts:
            if account.id not in self._most:
                self._most[account.id] = most_of(account)
        names = [account.id for account in accounts]
        if not any(map(self.left_to, names)):
            return False
        self._carriers[delivery_id] = names
        self._move(names, 1)
        self.free -= 1
        return True

    def give_back(self, delivery_ids: Collection[UUID]) -> None:
        """These have landed."""
        self._move([name for delivery_id in delivery_ids for name in self._carriers.pop(delivery_id)], -1)
        self.free += len(delivery_ids)

    def flying_with(self, account_id: str) -> int:
        return self._flying[account_id]

    def still_for(self, account_id: str) -> float:
        """For how many seconds an account has owed answers and given none."""
        return time.monotonic() - self._moved_at[account_id] if self._flying[account_id] else 0.0

    def left_to(self, account_id: str) -> int:
        """How many more an account may have."""
        flying = self._flying[account_id]
        return max(min((self.free - flying) // 2, self._most.get(account_id, self.free) - flying), 0)

    def wanted(self) -> int:
        """How many deliveries it makes sense to claim: not more than the busiest account could take, unless it hangs."""
        busy = [name for name, flying in self._flying.items() if flying and self.still_for(name) < HANGS]
        return min(map(self.left_to, busy), default=max(self.free // 2, min(self.free, 1)))

    def _move(self, names: Iterable[str], by: int) -> None:
        present = time.monotonic()
        for name in names:
            self._flying[name] += by
            self._moved_at[name] = present


def most_of(account: Account) -> int:
    """How many deliveries an account may have under way in one process: as many as its calls carry at once, and a few."""
    kind = known_kind(account.kind) or Provider
    return under_way(min(kind.concurrency, conf.delivery_concurrency)) * int(kind.batch_size)


def under_way(calls: int) -> int:
    """A fifth more than are called at once, as some are on their way to a call, or from one to the record, at every moment."""
    return calls + calls // 5
