"""Ids sort in the order in which they were made, whatever the threads and the clock of the machine do."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.ids import uuid7


def test_each_is_greater_than_the_one_before() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert abs((made[-1].int >> 80) - time.time_ns() // 1_000_000) < 10_000


def test_within_a_millisecond_and_when_the_clock_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    present = [time.time_ns() + 10**9]
    monkeypatch.setattr(time, "time_ns", lambda: present[0])
    made = []
    for seconds in (0, 0, -3_600, 1, 0.001, 0):
        present[0] += int(seconds * 1e9)
        made += [uuid7() for _ in range(100)]
    assert made == sorted(set(made))


def test_threads_make_no_id_twice_and_each_sees_its_own_grow() -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: [uuid7() for _ in range(2_000)], range(8)))
    assert all(run == sorted(run) for run in runs)
    assert len({one for run in runs for one in run}) == 16_000
