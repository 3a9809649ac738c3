"""Promise: outside its hours a message waits for the next instant at which it may be sent, wherever its reader is."""

from datetime import UTC, datetime, time

import pytest

from hub.policy.hours import Window, next_allowed

DAY = Window(time(8), time(21))
WEEK = Window(time(10), time(20), frozenset({1, 2, 3, 4, 5}))


@pytest.mark.parametrize(
    ("at", "zones", "window", "then"),
    [
        # inside, at its edges, and outside (summer: Berlin is two hours ahead)
        ("2026-07-01T12:00", ["Europe/Berlin"], DAY, "2026-07-01T12:00"),
        ("2026-07-01T06:00", ["Europe/Berlin"], DAY, "2026-07-01T06:00"),
        ("2026-07-01T05:59", ["Europe/Berlin"], DAY, "2026-07-01T06:00"),
        ("2026-07-01T18:59", ["Europe/Berlin"], DAY, "2026-07-01T18:59"),
        ("2026-07-01T19:00", ["Europe/Berlin"], DAY, "2026-07-02T06:00"),
        ("2026-07-01T22:30", ["Europe/Berlin"], DAY, "2026-07-02T06:00"),
        # another day there than here
        ("2026-07-01T23:30", ["Asia/Tokyo"], DAY, "2026-07-01T23:30"),
        ("2026-07-01T13:00", ["Asia/Tokyo"], DAY, "2026-07-01T23:00"),
        # Friday evening waits for Monday
        ("2026-07-03T18:30", ["Europe/Berlin"], WEEK, "2026-07-06T08:00"),
        ("2026-07-04T12:00", ["Europe/Berlin"], WEEK, "2026-07-06T08:00"),
        # the clocks change in the night between: an hour earlier in UTC, then an hour later
        ("2026-03-28T22:00", ["Europe/Berlin"], DAY, "2026-03-29T06:00"),
        ("2026-10-24T22:00", ["Europe/Berlin"], DAY, "2026-10-25T07:00"),
        # a window that opens in the hour that does not exist
        ("2026-03-29T00:00", ["Europe/Berlin"], Window(time(2, 30), time(9)), "2026-03-29T01:30"),
        # in all zones of a country at once
        ("2026-07-01T05:00", ["Australia/Sydney", "Australia/Perth"], DAY, "2026-07-01T05:00"),
        ("2026-07-01T23:00", ["Australia/Sydney", "Australia/Perth"], DAY, "2026-07-02T00:00"),
        ("2026-07-01T11:30", ["Australia/Sydney", "Australia/Perth"], DAY, "2026-07-02T00:00"),
        ("2026-07-01T12:00", ["America/New_York", "Pacific/Guam", "Pacific/Honolulu"], DAY, "2026-07-01T22:00"),
        # no hour suits them all: the first counts
        ("2026-07-01T12:00", ["America/New_York", "Pacific/Guam"], Window(time(9), time(12)), "2026-07-01T13:00"),
        ("2026-07-01T12:00", ["Etc/UTC"], Window(time(9), time(10), frozenset({3})), "2026-07-08T09:00"),
    ],
)
def test_when_it_may_go(at: str, zones: list[str], window: Window, then: str) -> None:
    assert next_allowed(_utc(at), zones, window) == _utc(then)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
