"""How many messages each account may be given by one claim, and when the others come to their turn. Pure."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

# What waits for an account comes back spread over so many seconds at most: a new rate is noticed within them.
LONGEST_SPREAD = 60.0

Named = TypeVar("Named", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Room:
    """`places` messages now; who finds none left comes back after `wait` seconds, each `spacing` seconds after the last."""

    places: float
    wait: float = 0.0
    spacing: float = 0.0


class Rooms(Generic[Named]):
    """The rooms of one claim. `room_of` is asked once for each account that the claim meets."""

    def __init__(self, room_of: Callable[[Named], Room]) -> None:
        self._room_of = room_of
        self._rooms: dict[Named, Room] = {}
        self._taken: dict[Named, int] = {}
        self._put_off: dict[Named, int] = {}

    def is_full(self, account: Named) -> bool:
        return self._taken.get(account, 0) >= self._room(account).places

    def take(self, account: Named) -> None:
        """One more message goes through it."""
        self._taken[account] = self._taken.get(account, 0) + 1

    def turn(self, account: Named) -> float:
        """Seconds after which the next message that found no room should come back."""
        room, before = self._room(account), self._put_off.get(account, 0)
        self._put_off[account] = before + 1
        return room.wait + min(before * room.spacing, LONGEST_SPREAD)

    def _room(self, account: Named) -> Room:
        room = self._rooms.get(account)
        if room is None:
            room = self._rooms[account] = self._room_of(account)
        return room


def boundless(_: object) -> Room:
    """Room for everything."""
    return Room(float("inf"))
