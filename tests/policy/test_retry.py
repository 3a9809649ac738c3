"""Promise: a failed attempt is retried as its channel says, and no delivery is sent more often than it may be."""

import itertools

import pytest

from hub.policy.retry import FINAL, LONGEST_RETRY_AFTER, Answer, Outcome, RetryPolicy, delay_after, settle

POLICY = RetryPolicy(first=60, ceiling=300, attempts=5, unknowns=2)


@pytest.mark.parametrize(
    ("outcome", "delays"),
    [
        # nothing was reached: the first retry is at once, and then the steps begin
        (Outcome.TRANSIENT, [0, 60, 120, 240, None]),
        (Outcome.THROTTLED, [60, 120, 240, 300, None]),
        (Outcome.AMBIGUOUS, [60, 120, 240, 300, None]),
        (Outcome.PERMANENT, [None]),
        (Outcome.ADDRESS_DEAD, [None]),
        (Outcome.CONFIGURATION, [None]),
    ],
)
def test_waits_double_up_to_the_ceiling(outcome: Outcome, delays: list[float | None]) -> None:
    waits = [delay_after(outcome, n, policy=POLICY, jitter=0) for n in range(1, len(delays) + 1)]
    assert waits == delays


@pytest.mark.parametrize(("jitter", "wait"), [(0, 120), (0.5, 108), (1, 96)])
def test_jitter_spreads_over_the_last_fifth(jitter: float, wait: float) -> None:
    assert delay_after(Outcome.THROTTLED, 2, policy=POLICY, jitter=jitter) == pytest.approx(wait)


@pytest.mark.parametrize(
    ("retry_after", "jitter", "wait"),
    [(7, 0, 7), (7, 1, 7.7), (900, 1, 901), (0, 1, 0), (-3, 0, 0), (1e9, 0, LONGEST_RETRY_AFTER)],
)
def test_what_the_provider_asks_for_comes_first_and_is_kept_to_the_second(
    retry_after: float, jitter: float, wait: float
) -> None:
    got = delay_after(Outcome.THROTTLED, 3, policy=POLICY, jitter=jitter, retry_after=retry_after)
    assert got == pytest.approx(wait)


def test_retry_after_gives_no_extra_attempt() -> None:
    assert delay_after(Outcome.THROTTLED, 5, policy=POLICY, jitter=0, retry_after=1) is None


@pytest.mark.parametrize(
    ("outcomes", "attempts", "unknowns", "expected"),
    [
        (["sent"], 0, 0, ("sent", "", 0, 0, None)),
        (["sent"], 3, 1, ("sent", "", 3, 1, None)),
        (["permanent"], 0, 0, ("dead", "permanent", 1, 0, None)),
        (["address_dead"], 1, 0, ("dead", "address_dead", 2, 0, None)),
        (["configuration"], 0, 0, ("dead", "configuration", 1, 0, None)),
        (["unfit"], 0, 0, ("dead", "configuration", 1, 0, None)),
        (["transient"], 0, 0, ("waiting", "retrying", 1, 0, 0)),
        (["transient"], 1, 0, ("waiting", "retrying", 2, 0, 60)),
        (["transient"], 4, 0, ("dead", "retries_exhausted", 5, 0, None)),
        (["transient"], 3, 1, ("dead", "retries_exhausted", 4, 1, None)),
        (["ambiguous"], 0, 0, ("waiting", "retrying", 0, 1, 60)),
        (["ambiguous"], 0, 1, ("dead", "ambiguous", 0, 2, None)),
        # several destinations
        (["sent", "address_dead"], 0, 0, ("sent", "", 1, 0, None)),
        (["address_dead", "permanent"], 0, 0, ("dead", "permanent", 1, 0, None)),
        (["address_dead", "unfit"], 0, 0, ("dead", "configuration", 1, 0, None)),
        (["sent", "transient"], 0, 0, ("waiting", "retrying", 1, 0, 0)),
        (["throttled", "transient"], 0, 0, ("waiting", "retrying", 1, 0, 60)),
        (["sent", "transient"], 4, 0, ("sent", "", 5, 0, None)),
        (["ambiguous", "transient"], 0, 1, ("dead", "ambiguous", 0, 2, None)),
        # nobody was called: it costs no attempt
        (["deferred"], 4, 1, ("waiting", "provider_resting", 4, 1, 0)),
        (["sent", "deferred"], 4, 0, ("waiting", "provider_resting", 4, 0, 0)),
    ],
)
def test_a_claim_is_settled_by_its_answers(
    outcomes: list[str], attempts: int, unknowns: int, expected: tuple[str, str, int, int, float | None]
) -> None:
    answers = [Answer(Outcome(outcome)) for outcome in outcomes]
    got = settle(answers, attempts=attempts, unknowns=unknowns, policy=POLICY, jitter=0)
    assert (got.state, got.reason, got.attempts, got.unknowns, got.delay) == expected


def test_the_longest_wish_of_the_destinations_decides() -> None:
    answers = [Answer(Outcome.THROTTLED, 500), Answer(Outcome.THROTTLED, 20), Answer(Outcome.TRANSIENT)]
    assert settle(answers, attempts=0, unknowns=0, policy=POLICY, jitter=0).delay == 500


@pytest.mark.parametrize(
    ("outcome", "attempts", "expected"),
    [
        ("configuration", 0, ("waiting", 1, 0)),
        ("unfit", 0, ("waiting", 1, 0)),
        ("throttled", 2, ("waiting", 3, 0)),
        ("transient", 2, ("waiting", 3, 0)),
        # the attempts of all providers together are bounded
        ("transient", 4, ("dead", 5, None)),
        ("configuration", 4, ("dead", 5, None)),
        # another provider would answer the same
        ("permanent", 0, ("dead", 1, None)),
        ("address_dead", 0, ("dead", 1, None)),
    ],
)
def test_where_there_is_another_provider_it_is_asked_at_once(
    outcome: str, attempts: int, expected: tuple[str, int, float | None]
) -> None:
    answer = Answer(Outcome(outcome), retry_after=500, elsewhere=True)
    got = settle([answer], attempts=attempts, unknowns=0, policy=POLICY, jitter=0)
    assert (got.state, got.attempts, got.delay) == expected


def test_an_unknown_outcome_is_repeated_by_who_knows_repeats_without_counting_as_a_copy() -> None:
    answer = Answer(Outcome.AMBIGUOUS, safe=True)
    got = settle([answer], attempts=0, unknowns=0, policy=RetryPolicy(60, 300, 5, unknowns=1), jitter=0)
    assert (got.state, got.attempts, got.unknowns, got.delay) == ("waiting", 1, 0, 60)


@pytest.mark.parametrize(("wish", "jitter", "delay"), [(None, 1, 0), (300, 0, 300), (300, 1, 301)])
def test_what_was_deferred_comes_again_when_its_provider_does(wish: float | None, jitter: float, delay: float) -> None:
    answers = [Answer(Outcome.DEFERRED, wish)]
    assert settle(answers, attempts=0, unknowns=0, policy=POLICY, jitter=jitter).delay == pytest.approx(delay)


@pytest.mark.parametrize("allowed", [1, 2])
def test_no_history_makes_more_copies_than_the_channel_allows(allowed: int) -> None:
    """Every sequence of outcomes: a copy may exist for each `sent` and each `ambiguous`."""
    policy = RetryPolicy(first=60, ceiling=300, attempts=5, unknowns=allowed)
    for history in itertools.product([o for o in Outcome if o not in FINAL and o is not Outcome.DEFERRED], repeat=5):
        attempts = unknowns = copies = calls = 0
        for outcome in history:
            calls += 1
            copies += outcome in (Outcome.SENT, Outcome.AMBIGUOUS)
            result = settle([Answer(outcome)], attempts=attempts, unknowns=unknowns, policy=policy, jitter=0)
            attempts, unknowns = result.attempts, result.unknowns
            if result.state != "waiting":
                break
        assert copies <= allowed, history
        assert calls <= policy.attempts
