"""FCM: pyfcm's own client on our wire; Google's words, kept; one access token, fetched once."""

import json
from collections.abc import Iterator
from typing import Any

import pyfcm
import pytest
from pytest_django import Settings

from deliveries.providers.errors import Configuration
from hub.ids import uuid7
from hub.providers.kinds import kind_class
from hub.providers.settings import check_config
from project.emulators.fcm import Fcm
from project.emulators.script import Refusal, Reply
from project.emulators.serving import serving
from tests.deliveries.providers.pushes import account, fcm_account, make, push, push_through, push_work, withdraw
from tests.deliveries.providers.subjects import FCM_DEVICE as TOKEN
from tests.support.outbound import let_in
from tests.support.works import make_withdrawal


@pytest.fixture
def fcm(settings: Settings) -> Iterator[Fcm]:
    with serving(fcm := Fcm()):
        let_in(settings, fcm.url)
        yield fcm


def test_it_arrives(fcm: Fcm) -> None:
    account = fcm_account(fcm)
    (receipt,) = push(account, push_work(account, TOKEN, unread=4))
    (message,) = fcm.recorder.taken()
    assert (receipt.outcome, receipt.code, receipt.message_id) == ("sent", "200", message.id)  # type: ignore[union-attr]
    assert (message.to, message.title, message.body, message.badge) == (TOKEN, "Hello", "A line.", 4)


def test_it_is_pyfcm_that_builds_and_sends(fcm: Fcm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes round its client is seen here."""
    asked = []
    notify, parse = pyfcm.FCMNotification.notify, pyfcm.FCMNotification.parse_payload

    def noted(self: Any, **said: Any) -> Any:
        asked.append(said["fcm_token"])
        return notify(self, **said)

    def marked(self: Any, **said: Any) -> Any:
        return parse(self, **said | {"notification_title": "Through pyfcm"})

    monkeypatch.setattr(pyfcm.FCMNotification, "notify", noted)
    monkeypatch.setattr(pyfcm.FCMNotification, "parse_payload", marked)
    account = fcm_account(fcm)
    push(account, push_work(account, TOKEN))
    assert asked == [TOKEN]
    assert [message.asked["message"]["notification"]["title"] for message in fcm.recorder.taken()] == ["Through pyfcm"]


def test_it_takes_back_in_silence(fcm: Fcm) -> None:
    account = fcm_account(fcm)
    fcm.devices["gone"] = "UNREGISTERED"
    sent, dead = withdraw(
        make_withdrawal((uuid7(), "order-17"), account=account, token=TOKEN, unread=2),
        make_withdrawal((uuid7(), ""), account=account, token="gone"),
    )
    (message,) = fcm.recorder.taken()
    assert (sent.message_id, message.to, message.badge) == (message.id, TOKEN, 2)  # type: ignore[union-attr]
    assert message.withdraws == ("order-17",)
    assert message.asked["message"].keys() == {"token", "data", "android", "apns"}
    assert (dead.outcome, dead.code) == ("address_dead", "UNREGISTERED")


def test_many_fetch_one_token(fcm: Fcm) -> None:
    account = fcm_account(fcm)
    receipts = push(account, *(push_work(account, TOKEN) for _ in range(30)))
    assert {receipt.outcome for receipt in receipts} == {"sent"}
    assert len(fcm.tokens) == 1


def test_a_token_that_google_forgot_is_fetched_again(fcm: Fcm) -> None:
    account = fcm_account(fcm)
    provider = make(account)
    push_through(provider, push_work(account, TOKEN), keep=True)
    fcm.tokens.clear()
    refused, sent = (push_through(provider, push_work(account, TOKEN), keep=keep)[0] for keep in (True, False))
    assert (refused.outcome, refused.code, sent.outcome) == ("transient", "ACCESS_TOKEN_EXPIRED", "sent")


@pytest.mark.parametrize(
    ("act", "outcome", "code"),
    [
        (Refusal(404, "UNREGISTERED"), "address_dead", "UNREGISTERED"),
        (Refusal(400, "INVALID_ARGUMENT"), "permanent", "INVALID_ARGUMENT"),
        (Refusal(403, "SENDER_ID_MISMATCH"), "unfit", "SENDER_ID_MISMATCH"),
        (Refusal(401, "THIRD_PARTY_AUTH_ERROR"), "configuration", "THIRD_PARTY_AUTH_ERROR"),
        (Refusal(429, "QUOTA_EXCEEDED", retry_after=7), "throttled", "QUOTA_EXCEEDED"),
        (Refusal(503, "UNAVAILABLE", retry_after=7), "throttled", "UNAVAILABLE"),
        (Refusal(500, "INTERNAL"), "ambiguous", "INTERNAL"),
        # a wrong path, a proxy in between: nobody's device is dead
        (Reply(404, b"<html>not here</html>"), "configuration", "404"),
        (Reply(200, b"<html>welcome to the airport</html>"), "ambiguous", "200"),
        (Reply(200, b'{"error": []}'), "ambiguous", "200"),
        (Reply(400, b'{"error": {"details": [1, {"errorCode": null}]}}'), "permanent", "400"),
    ],
)
def test_google_s_words_are_kept(fcm: Fcm, act: Any, outcome: str, code: str) -> None:
    fcm.script.then(act)
    account = fcm_account(fcm)
    (receipt,) = push(account, push_work(account, TOKEN))
    assert (str(receipt.outcome), receipt.code) == (outcome, code)
    assert receipt.retry_after == (7 if outcome == "throttled" else None)
    assert len(fcm.recorder.asked()) == 1


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (Refusal(503, retry_after=7), "throttled"),
        (Refusal(500), "transient"),
        (Refusal(400, "invalid_grant"), "configuration"),
        (Reply(200, b"welcome to the airport"), "transient"),
    ],
)
def test_without_a_token_nothing_is_sent(fcm: Fcm, act: Any, outcome: str) -> None:
    fcm.oauth.always(act)
    account = fcm_account(fcm)
    receipts = push(account, *(push_work(account, TOKEN) for _ in range(3)))
    assert {str(receipt.outcome) for receipt in receipts} == {outcome}
    assert not fcm.recorder.asked()


@pytest.mark.parametrize("given", [None, "", "{", "[]", {}, {"type": "service_account"}, {"private_key": "x"}])
def test_what_is_no_service_account_is_refused(given: Any) -> None:
    with pytest.raises(Configuration) as refused:
        make(account("fcm", {"service_account": given}))
    assert refused.value.code == "service_account"


def test_a_project_leads_nowhere_else(fcm: Fcm) -> None:
    known = fcm.service_account() | {"project_id": "../../elsewhere"}
    with pytest.raises(Configuration):
        make(account("fcm", {"service_account": known}))


def test_a_service_account_may_come_from_a_file_or_the_api(fcm: Fcm) -> None:
    known = fcm.service_account()
    settings = kind_class("fcm").settings
    for given in (known, json.dumps(known)):
        assert check_config(settings, {"service_account": given}, {})["service_account"] == known
    receipts = push(
        one := account("fcm", {"service_account": json.dumps(known), "url": fcm.url}), push_work(one, TOKEN)
    )
    assert receipts[0].outcome == "sent"
