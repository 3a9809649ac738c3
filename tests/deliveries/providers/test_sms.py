"""Text messages: what is said, from whom, and what each provider's own codes mean."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from deliveries.providers.base import Receipt
from deliveries.providers.errors import Configuration, OptedOut
from hub.callbacks.addresses import callback_url, receipts_url
from hub.exceptions import InvalidRequest
from hub.policy.retry import Outcome
from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from hub.providers.settings import check_config
from project.emulators.africas_talking import AfricasTalking
from project.emulators.base import Emulator
from project.emulators.beem import Beem
from project.emulators.http_sms import HttpSms
from project.emulators.script import Refusal, Reply
from project.emulators.serving import serving
from project.emulators.sns import Sns
from project.emulators.twilio import Twilio
from project.emulators.vonage import Vonage
from tests.deliveries.providers.subjects import SUBJECTS, Subject
from tests.support.outbound import let_in
from tests.support.works import carry, make_account, make_work

GERMAN, AMERICAN, INJECTION = "+4915112345678", "+12025550123", 'x", "to": "+1999", "y": "&to=+1999\r\nX-To: +1999'


@pytest.fixture
def everyone(settings: Settings) -> Iterator[dict[str, Emulator]]:
    emulators = [Twilio(), Vonage(), AfricasTalking(), Beem(), Sns(), HttpSms()]
    with serving(*emulators):
        let_in(settings, emulators[0].url)
        yield {emulator.name: emulator for emulator in emulators}


def subject_of(kind: str) -> Subject:
    return next(subject for subject in SUBJECTS if subject.kind == kind)


def account(emulator: Emulator, **config: Any) -> Account:
    known = subject_of(emulator.name).config_for(emulator.url) | config
    return make_account(emulator.name, check_config(kind_class(emulator.name).settings, known, {}))


def send(emulator: Emulator, *, to: str = GERMAN, said: dict[str, Any] | None = None, **config: Any) -> Receipt:
    content = {"title": "News", "body": "Hello"} | (said or {})
    (receipt,) = carry(account(emulator, **config), make_work(content, address=to))
    return receipt


@pytest.mark.parametrize("kind", ["twilio", "vonage", "africas_talking", "beem", "sns", "http_sms"])
def test_the_sender_is_that_of_the_numbers_country(kind: str, everyone: dict[str, Emulator]) -> None:
    emulator = everyone[kind]
    for to, sender in ((GERMAN, "Laden"), (AMERICAN, "+12025550000"), ("+447400123456", "Usual")):
        send(emulator, to=to, senders={"DE": "Laden", "us": "+12025550000"}, **{"from": "Usual"})
        message = emulator.recorder.taken()[-1]
        assert sender in (message.sender, *message.asked.values())
        assert message.to.lstrip("+") == to.lstrip("+")


@pytest.mark.parametrize("kind", ["twilio", "vonage", "beem"])
def test_without_a_sender_nothing_is_asked(kind: str, everyone: dict[str, Emulator]) -> None:
    for senders, outcome in (({}, Outcome.CONFIGURATION), ({"US": "+12025550000"}, Outcome.UNFIT)):
        receipt = send(everyone[kind], senders=senders, **{"from": None})
        assert (receipt.outcome, receipt.code) == (outcome, "no_sender")
    assert everyone[kind].recorder.asked() == []


def test_what_is_said(everyone: dict[str, Emulator]) -> None:
    twilio = everyone["twilio"]
    for said in ({"body": " Body "}, {"body": "", "title": "Title"}, {"body": "a" * 1_000}):
        send(twilio, said=said, max_segments=2)
    assert [message.body for message in twilio.recorder.taken()] == ["Body", "Title", "a" * 303 + "..."]
    assert send(twilio, said={"body": "\n", "title": ""}).outcome == Outcome.PERMANENT


def test_no_account_sends_more_than_providers_take(everyone: dict[str, Emulator]) -> None:
    for emulator in everyone.values():
        assert send(emulator, said={"body": "я" * 5_000}, max_segments=1_000).outcome == Outcome.SENT
        assert send(emulator, said={"body": "a" * 5_000}, max_segments=1_000).outcome == Outcome.SENT
        assert max(len(message.body) for message in emulator.recorder.taken()) <= 1_530


def test_what_a_stranger_says_stays_in_its_place(everyone: dict[str, Emulator]) -> None:
    for emulator in everyone.values():
        assert send(emulator, said={"body": INJECTION}).outcome == Outcome.SENT
    for format in ("form", "query"):
        method, url = "GET" if format == "query" else "POST", f"{everyone['http_sms'].url}/send"
        receipt = send(everyone["http_sms"], said={"body": INJECTION}, format=format, method=method, url=url)
        assert receipt.outcome == Outcome.SENT, receipt
    for emulator in everyone.values():
        for message in emulator.recorder.taken():
            assert (message.to.lstrip("+"), message.body) == (GERMAN.lstrip("+"), INJECTION)
            assert "x-to" not in message.headers


@pytest.mark.parametrize(
    ("kind", "code", "outcome"),
    [
        *(("twilio", code, "address_dead") for code in ("21211", "21614", "21610", "21635")),
        *(("twilio", code, "configuration") for code in ("20003", "21606", "21609")),
        *(("twilio", code, "unfit") for code in ("21408", "21608")),
        *(("twilio", code, "throttled") for code in ("30001", "21611", "14107")),
        *(("twilio", code, "permanent") for code in ("21617", "21602", "30007", "99999")),
        *(("africas_talking", code, "address_dead") for code in ("403", "404", "406", "409")),
        *(("africas_talking", code, "configuration") for code in ("402", "405")),
        *(("africas_talking", code, "permanent") for code in ("401", "407", "502")),
        *(("africas_talking", code, "ambiguous") for code in ("500", "501", "999")),
        *(("beem", code, outcome) for code, outcome in (("101", "address_dead"), ("102", "configuration"))),
        *(("beem", code, outcome) for code, outcome in (("103", "ambiguous"), ("104", "permanent"))),
        *(("beem", code, "configuration") for code in ("105", "106", "111", "120")),
        *(("sns", code, outcome) for code, outcome in (("OptedOut", "address_dead"), ("Throttling", "throttled"))),
        *(("sns", code, outcome) for code, outcome in (("InvalidParameter", "permanent"), ("New", "permanent"))),
    ],
)
def test_its_own_codes(kind: str, code: str, outcome: str, everyone: dict[str, Emulator]) -> None:
    everyone[kind].script.then(Refusal(400, code))
    receipt = send(everyone[kind])
    assert (receipt.outcome, receipt.code) == (outcome, code)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, "throttled") for status in ("1", "10")),
        *((status, "permanent") for status in ("2", "3", "6", "12", "22")),
        *((status, "configuration") for status in ("4", "8", "9", "11", "14", "15")),
        ("29", "unfit"),
        *((status, "address_dead") for status in ("7", "33")),
        # 77: it was refused, or it wasn't
        *((status, "ambiguous") for status in ("5", "77")),
    ],
)
def test_vonage_refuses_with_a_200(status: str, outcome: str, everyone: dict[str, Emulator]) -> None:
    body = json.dumps({"message-count": "1", "messages": [{"status": status, "error-text": "no"}]})
    everyone["vonage"].script.then(Reply(200, body.encode()))
    receipt = send(everyone["vonage"])
    assert (receipt.outcome, receipt.code) == (outcome, status)


def test_a_message_of_which_only_a_part_was_taken_is_not_sent_again(everyone: dict[str, Emulator]) -> None:
    everyone["vonage"].script.then(Reply(200, b'{"messages": [{"status": "0", "message-id": "A"}, {"status": "1"}]}'))
    assert send(everyone["vonage"]).outcome == Outcome.AMBIGUOUS


def test_africas_talking_tells_a_bad_sender_in_words(everyone: dict[str, Emulator]) -> None:
    body = b'{"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}'
    everyone["africas_talking"].script.then(Reply(201, body))
    assert send(everyone["africas_talking"]).outcome == Outcome.CONFIGURATION


@pytest.mark.parametrize(
    ("kind", "code"), [("twilio", "21610"), ("africas_talking", "406"), ("africas_talking", "409"), ("sns", "OptedOut")]
)
def test_who_told_the_provider_to_stop_is_told_apart(kind: str, code: str, everyone: dict[str, Emulator]) -> None:
    everyone[kind].script.then(Refusal(400, code))
    assert isinstance(send(everyone[kind]), OptedOut)


def test_what_is_no_number_costs_no_call(everyone: dict[str, Emulator]) -> None:
    assert send(everyone["twilio"], to="alice").outcome == Outcome.ADDRESS_DEAD
    assert everyone["twilio"].recorder.asked() == []


def test_twilios_own_settings(everyone: dict[str, Emulator]) -> None:
    receipt = send(everyone["twilio"], messaging_service_sid="MG1")
    (message,) = everyone["twilio"].recorder.taken()
    assert receipt == type(receipt)(message.id, "201", "queued")
    assert message.asked["MessagingServiceSid"] == "MG1"


@pytest.mark.parametrize(("kind", "field"), [("twilio", "StatusCallback"), ("vonage", "callback")])
def test_receipts_are_asked_for_at_the_accounts_own_address(
    kind: str, field: str, everyone: dict[str, Emulator], settings: Settings
) -> None:
    settings.HUB = settings.HUB | {"public_url": "https://hub.example"}
    signed = {"callback_secret": "secret"}
    send(everyone[kind], **signed)
    (message,) = everyone[kind].recorder.taken()
    asked_for = message.asked[field]
    assert asked_for == callback_url(account(everyone[kind], **signed))
    assert asked_for.startswith("https://hub.example/api/v1/callbacks/hub.it/")


@pytest.mark.parametrize(
    ("public_url", "api", "told"),
    [
        ("https://hub.example", None, True),
        ("https://93.184.216.34", None, True),
        # nobody outside gets there: Twilio refuses a message that names such an address
        ("http://127.0.0.1:8000", None, False),
        ("http://localhost:8000", None, False),
        ("http://10.0.0.7", None, False),
        ("http://hub:8000", "https://api.example.com", False),
        # an emulator beside the hub does
        ("http://127.0.0.1:8000", "http://127.0.0.1:8027/twilio", True),
    ],
)
def test_an_address_is_given_only_to_who_can_reach_it(
    public_url: str, api: str | None, told: bool, settings: Settings
) -> None:
    settings.HUB = settings.HUB | {"public_url": public_url}
    known = {"account_sid": "AC1", "auth_token": "secret"} | ({"url": api} if api else {})
    assert bool(receipts_url(make_account("twilio", known))) is told


def test_vonage_is_told_of_no_address_that_would_not_believe_it(everyone: dict[str, Emulator]) -> None:
    send(everyone["vonage"])
    assert "callback" not in everyone["vonage"].recorder.taken()[0].asked


def test_letters_that_gsm_does_not_have_are_told_to_vonage(everyone: dict[str, Emulator]) -> None:
    for said in ("Hello", "Привет"):
        send(everyone["vonage"], said={"body": said})
    assert [message.asked["type"] for message in everyone["vonage"].recorder.taken()] == ["text", "unicode"]


def test_a_number_is_the_sender_of_sns_in_another_attribute(everyone: dict[str, Emulator]) -> None:
    send(everyone["sns"], type="Promotional", **{"from": "+12025550000"})
    asked = everyone["sns"].recorder.taken()[0].asked
    named = {asked[name]: asked[name.replace(".Name", ".Value.StringValue")] for name in asked if ".Name" in name}
    assert named == {"AWS.MM.SMS.OriginationNumber": "+12025550000", "AWS.SNS.SMS.SMSType": "Promotional"}


def test_a_gateway_of_ones_own(everyone: dict[str, Emulator]) -> None:
    gateway = everyone["http_sms"]
    gateway.script.then(Reply(202, b'{"messages": [{"id": 17}]}'), Reply(200, b"{}"))
    settings: dict[str, Any] = {
        "body": '{"to": "{digits}", "text": "{text}", "more": ["{from}", 1, null]}',
        "headers": {"X-Key": "secret"},
        "success": "202",
        "message_id": "messages.0.id",
        "from": "Shop",
    }
    taken = send(gateway, said={"body": "{to}"}, **settings)
    assert (taken.outcome, getattr(taken, "message_id", "")) == (Outcome.SENT, "17")
    message = gateway.recorder.taken()[0]
    assert message.asked == {"to": "4915112345678", "text": "{to}", "more": ["Shop", 1, None]}
    assert message.headers["x-key"] == "secret"
    # a success that this gateway doesn't know: it may have it
    assert send(gateway, **settings).outcome == Outcome.AMBIGUOUS


@pytest.mark.parametrize(
    "config",
    [{"body": "{to}"}, {"body": '["{to}"]', "format": "form"}, {"success": "20x"}, {"headers": {"X": "a\tb"}}],
)
def test_a_gateway_that_makes_no_sense_is_refused_before_any_call(
    config: dict[str, Any], everyone: dict[str, Emulator]
) -> None:
    with pytest.raises((Configuration, InvalidRequest)):
        kind_class("http_sms")(account(everyone["http_sms"], **config))
