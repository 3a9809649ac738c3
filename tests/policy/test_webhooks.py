"""What follows from an endpoint's answer: ten attempts over 75 hours, and an end where it says so."""

import pytest

from hub.policy.webhooks import ATTEMPTS, PATIENCE, WAITS, Verdict, gives_up, judge

HOUR = 3600


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_enough(status: int) -> None:
    assert judge(status, attempts=1, jitter=1.0) == Verdict("delivered")
    assert judge(status, attempts=ATTEMPTS, jitter=1.0) == Verdict("delivered")


@pytest.mark.parametrize("status", [None, 100, 301, 302, 304, 400, 401, 404, 408, 429, 500, 503, 599])
def test_anything_else_is_tried_again(status: int | None) -> None:
    assert judge(status, attempts=1, jitter=0.0) == Verdict("waiting", "retrying", 5)


def test_ten_attempts_over_75_hours() -> None:
    delays = [judge(500, attempts=number, jitter=0.0).delay for number in range(1, ATTEMPTS)]
    assert (ATTEMPTS, delays) == (10, list(WAITS))
    assert 75 * HOUR <= sum(delays) < 76 * HOUR
    assert judge(500, attempts=ATTEMPTS, jitter=0.0) == Verdict("dead", "retries_exhausted")


def test_jitter_only_adds() -> None:
    assert judge(500, attempts=2, jitter=1.0).delay == pytest.approx(330)


@pytest.mark.parametrize(("wished", "delay"), [(1.0, 300), (400.0, 400), (10 * 24.0 * HOUR, 24 * HOUR), (None, 300)])
def test_a_wish_for_more_patience_is_honoured_for_a_day_at_most(wished: float | None, delay: float) -> None:
    assert judge(429, attempts=2, jitter=0.0, retry_after=wished).delay == delay


def test_its_wish_is_kept_to_the_second() -> None:
    assert judge(429, attempts=2, jitter=1.0, retry_after=4000).delay == 4001


def test_410_is_the_end() -> None:
    assert judge(410, attempts=1, jitter=0.0) == Verdict("dead", "gone")
    assert gives_up(Verdict("dead", "gone"), failing_for=0)


@pytest.mark.parametrize(
    ("verdict", "failing_for", "expected"),
    [
        (Verdict("dead", "retries_exhausted"), PATIENCE, True),
        (Verdict("dead", "retries_exhausted"), PATIENCE - 1, False),  # something was accepted meanwhile
        (Verdict("waiting", "retrying", 5), 10 * PATIENCE, False),
        (Verdict("delivered"), PATIENCE, False),
    ],
)
def test_an_endpoint_is_given_up_when_nothing_was_accepted_all_the_while(
    verdict: Verdict, failing_for: float, expected: bool
) -> None:
    assert gives_up(verdict, failing_for=failing_for) is expected
