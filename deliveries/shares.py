"""How the places of a drain are shared among accounts: none has more than it leaves free, so those that hang can't have all."""

import time
from collections import Counter
from collections.abc import Collection, Iterable
from uuid import UUID

# an account of which nothing has landed for so long (seconds) hangs: nobody waits for its places
HANGS = 1.0


class Shares:
    """Of one drain. `free`: places that nobody has. In its thread only."""

    def __init__(self, capacity: int) -> None:
        self.free = capacity
        self._carriers: dict[UUID, Collection[str]] = {}
        self._flying: Counter[str] = Counter()
        self._moved_at: dict[str, float] = {}

    @property
    def flying(self) -> int:
        """Deliveries under way."""
        return len(self._carriers)

    def take(self, delivery_id: UUID, account_ids: Collection[str]) -> bool:
        """Whether any of these accounts has a place for it; then it is under way. One that hangs holds up no other's half."""
        if not any(map(self.left_to, account_ids)):
            return False
        self._carriers[delivery_id] = account_ids
        self._move(account_ids, 1)
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
        return max((self.free - self._flying[account_id]) // 2, 0)

    def wanted(self) -> int:
        """How many deliveries it makes sense to claim: not more than the busiest account could take, unless it hangs."""
        busy = [name for name, flying in self._flying.items() if flying and self.still_for(name) < HANGS]
        return min(map(self.left_to, busy), default=max(self.free // 2, min(self.free, 1)))

    def _move(self, names: Iterable[str], by: int) -> None:
        present = time.monotonic()
        for name in names:
            self._flying[name] += by
            self._moved_at[name] = present
