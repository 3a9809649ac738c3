"""A bucket lets through what its limit says, whoever asks: one process, many, or one that has lost Redis."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hub import limits
from hub.breaker import redis_breaker
from hub.limits import Buckets, Limit, take
from hub.presence import redis_client

# nothing comes back while a test runs
ONCE = Limit(rate=0.001, burst=5)


@pytest.fixture(params=["in Redis", "without Redis"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(limits, "_own", Buckets())
    if request.param == "without Redis":
        monkeypatch.setattr(redis_breaker, "_closed_from", float("inf"))
    return request.param


@pytest.mark.usefixtures("place")
def test_a_burst_goes_through_and_then_nothing() -> None:
    verdicts = [take("a", ONCE) for _ in range(7)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False] * 2
    assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0, 0]
    assert [verdict.retry_after > 0 for verdict in verdicts] == [False] * 5 + [True] * 2
    assert verdicts[-1].retry_after == pytest.approx(1_000, abs=30)
    assert verdicts[0].full_in == pytest.approx(1_000, abs=30)
    assert verdicts[-1].full_in == pytest.approx(5_000, abs=30)


@pytest.mark.usefixtures("place")
def test_buckets_are_their_names() -> None:
    for _ in range(5):
        take("a", ONCE)
    assert not take("a", ONCE).allowed
    assert take("b", ONCE).allowed


@pytest.mark.usefixtures("place")
def test_a_cost_is_taken_whole_or_not_at_all() -> None:
    assert take("a", ONCE, cost=3).remaining == 2
    assert not take("a", ONCE, cost=3).allowed
    assert take("a", ONCE, cost=2).allowed
    assert not take("b", ONCE, cost=6).allowed


@pytest.mark.usefixtures("place")
def test_it_comes_back_at_its_rate() -> None:
    quick = Limit(rate=10_000, burst=1)
    assert take("a", quick).allowed
    while not take("a", quick).allowed:
        pass


def test_processes_share_one_bucket(place: str) -> None:
    limit = Limit(rate=0.001, burst=50)
    with ThreadPoolExecutor(8) as pool:
        allowed = sum(verdict.allowed for verdict in pool.map(lambda _: take("a", limit), range(200)))
    assert allowed == 50
    if place == "in Redis":
        assert Buckets().take("a", limit, 1).allowed  # the count is not in here


def test_a_full_bucket_is_no_key() -> None:
    take("a", Limit(rate=1000, burst=10))
    left = redis_client().pttl("hub:limit:a")
    assert isinstance(left, int)
    assert left <= 2


def test_a_clock_that_went_back_empties_nobody_for_long() -> None:
    redis_client().set("hub:limit:a", 10**17)
    assert take("a", ONCE).retry_after == pytest.approx(1_000, abs=30)


def test_losing_redis_is_no_refusal_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise limits.RedisError("gone")

    monkeypatch.setattr(limits, "_own", Buckets())
    monkeypatch.setattr(limits, "_script", lambda: down)
    monkeypatch.setattr(redis_breaker, "_closed_from", 0.0)
    assert [take("a", ONCE).allowed for _ in range(6)] == [True] * 5 + [False]
    assert redis_breaker.is_open


def test_a_process_keeps_few_buckets_and_the_latest() -> None:
    own = Buckets(most=10)
    for number in range(25):
        own.take(str(number), ONCE, 5)
    assert len(own._full_at) <= 10
    assert not own.take("24", ONCE, 1).allowed
    assert own.take("0", ONCE, 1).allowed
