"""Promise: all processes know the same of an account, and one of them alone tries it out."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import ConnectionError as Gone

from hub.breaker import redis_breaker
from hub.policy.circuit import FORGOTTEN, Circuit, State
from hub.policy.retry import Answer, Outcome
from hub.presence import redis_client
from hub.providers import circuits
from hub.providers.circuits import KEY, exchange, shown_circuits, take_probe

FAILED = Answer(Outcome.TRANSIENT)
SENT = Answer(Outcome.SENT)


def known() -> dict[str, Circuit]:
    learnt = exchange({})
    assert learnt is not None
    return learnt[1]


def put_half_open(name: str) -> None:
    redis_client().hset(KEY, name, Circuit(5, time.time() - 1, 0, time.time() - 301).encoded())


def test_failures_of_all_processes_count_together() -> None:
    for _ in range(4):
        exchange({"mail.1": [FAILED]})
    assert (known()["mail.1"].failures, shown_circuits(["mail.1"])["mail.1"].state) == (4, "closed")
    learnt = exchange({"mail.1": [FAILED]})
    assert learnt is not None
    now, circuits_ = learnt
    assert circuits_["mail.1"].rests_until - now == pytest.approx(300, abs=1)
    shown = shown_circuits(["mail.1", "texts.1"])
    assert (shown["mail.1"].state, shown["texts.1"].state) == ("open", "closed")
    assert shown["mail.1"].until is not None
    assert shown["texts.1"].until is None


def test_what_many_tell_at_once_is_not_lost() -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: exchange({"mail.1": [FAILED]}), range(4)))
    assert known()["mail.1"].failures == 4


def test_nothing_is_kept_of_what_works() -> None:
    exchange({"mail.1": [FAILED]})
    exchange({"mail.1": [SENT]})
    assert not redis_client().exists(KEY)


def test_the_probe_is_for_one_alone() -> None:
    put_half_open("mail.1")
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda _: take_probe("mail.1", 30), range(8)))
    assert won.count(True) == 1
    exchange({"mail.1": [SENT]})
    assert take_probe("mail.1", 30)
    assert known() == {}


def test_a_probe_that_is_never_answered_is_given_up() -> None:
    put_half_open("mail.1")
    assert take_probe("mail.1", 0)
    assert take_probe("mail.1", 30)
    assert not take_probe("mail.1", 30)


def test_accounts_that_nobody_has_heard_of_are_forgotten() -> None:
    redis_client().hset(KEY, "old.1", Circuit(3, 0, 0, time.time() - FORGOTTEN - 1).encoded())
    exchange({"mail.1": [FAILED]})
    assert redis_client().hkeys(KEY) == [b"mail.1"]


def test_without_redis_nobody_knows_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise Gone

    # closed again at the end
    monkeypatch.setattr(redis_breaker, "_closed_from", 0.0)
    monkeypatch.setattr(circuits, "_read", away)
    assert exchange({"mail.1": [FAILED]}) is None
    assert redis_breaker.is_open
    assert take_probe("mail.1", 30)
    assert shown_circuits(["mail.1"])["mail.1"].state is State.CLOSED
