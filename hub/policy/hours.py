"""The hours in which somebody may be sent what they did not wait for. Pure: no Django, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(1, 8))
# looks for an instant that suits every zone; what has none within these is judged by the first alone
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` until before `end` of a wall clock, on `days` of the week (1 is Monday; one at least)."""

    start: time
    end: time
    days: frozenset[int] = EVERY_DAY


def next_allowed(at: datetime, zones: Sequence[str], window: Window) -> datetime:
    """`at` when the window is open then in every one of the IANA `zones` (one at least), else the next instant at which it is.

    A number tells its country, and often no more: so nobody is woken, wherever they are. Zones that no window can hold
    together, such as those of a number of all North America, count as the first of them.
    """
    known = [ZoneInfo(name) for name in zones]
    found = at
    for _ in range(_ROUNDS):
        later = max(_opening(found, zone, window) for zone in known)
        if later == found:
            return found
        found = later
    return _opening(at, known[0], window)


def _opening(at: datetime, zone: ZoneInfo, window: Window) -> datetime:
    """`at`, or when the window opens next in one zone."""
    today = at.astimezone(zone).date()
    days = (today + timedelta(days=number) for number in range(8))
    return next(
        max(at, _instant(day, window.start, zone))
        for day in days
        if day.isoweekday() in window.days and at < _instant(day, window.end, zone)
    )


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """A time that does not exist is as much later as the clock is put forward; of two that are the same, the first."""
    return datetime.combine(day, wall, zone).astimezone(UTC)
