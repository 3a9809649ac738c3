"""APNs: one token for every connection of an account, made anew neither too soon nor too late for Apple."""

import time

import pytest

from project.emulators.apns import Apns
from project.emulators.script import RESET_AFTER, Refusal
from tests.deliveries.providers.pushes import apns_account, make, push_through, push_work


def test_one_token_for_every_connection(apns: Apns) -> None:
    account = apns_account(apns)
    provider = make(account)
    for _ in range(5):
        apns.script.then(None, RESET_AFTER)
        push_through(provider, push_work(account), keep=True)
        push_through(provider, push_work(account), keep=True)
    push_through(provider, push_work(account, data={"environment": "sandbox"}))
    assert len(apns.accepted_tokens) == 1


def test_a_token_lives_between_twenty_minutes_and_an_hour(apns: Apns, monkeypatch: pytest.MonkeyPatch) -> None:
    account = apns_account(apns)
    provider = make(account)
    ahead = moved_clock(monkeypatch)
    for _ in range(40):
        (receipt,) = push_through(provider, push_work(account), keep=True)
        assert (receipt.outcome, receipt.code) == ("sent", "200")
        ahead[0] += 5 * 60
    push_through(provider, push_work(account))
    assert 3 <= len(apns.accepted_tokens) <= 200 // 20


def test_a_token_that_apple_calls_expired_is_made_anew_but_not_too_soon(
    apns: Apns, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = apns_account(apns)
    provider = make(account)
    ahead = moved_clock(monkeypatch)
    apns.script.then(Refusal(403, "ExpiredProviderToken"), None, None, Refusal(403, "ExpiredProviderToken"), None)
    for expected, minutes in (("transient", 0), ("sent", 25), ("sent", 0), ("transient", 0), ("sent", 0)):
        (receipt,) = push_through(provider, push_work(account), keep=True)
        assert str(receipt.outcome) == expected
        ahead[0] += minutes * 60
    push_through(provider)
    assert len(apns.accepted_tokens) == 2


def moved_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Put the one number up to move everybody's clock on, by so many seconds."""
    ahead, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    return ahead
