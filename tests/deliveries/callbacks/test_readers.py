"""Promise: each provider's calls are believed when its signature is right, and say the same in our words."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from deliveries.callbacks.africas_talking import AfricasTalkingReader
from deliveries.callbacks.anymail import AnymailReader
from deliveries.callbacks.base import Reader
from deliveries.callbacks.beem import BeemReader
from deliveries.callbacks.sns import SnsReader
from deliveries.callbacks.twilio import TwilioReader
from deliveries.callbacks.vonage import VonageReader
from hub.callbacks.events import Call, Unverified
from hub.providers.accounts import Account
from project.emulators.callbacks import Callback
from project.emulators.fates import FATES
from project.emulators.mailgun import Mailgun
from project.emulators.postmark import Postmark
from project.emulators.recorder import Message, Recorder
from project.emulators.sendgrid import SendGrid
from project.emulators.serving import serving
from project.emulators.ses import Ses
from project.emulators.sns import Sns
from project.emulators.twilio import Twilio
from project.emulators.vonage import Vonage
from tests.support.outbound import let_in

URL = "https://hub.example.com/api/v1/callbacks/a/b"
recorder = Recorder()
twilio, vonage, sns = Twilio(recorder), Vonage(recorder), Sns(recorder)
sendgrid, mailgun, postmark, ses = SendGrid(recorder), Mailgun(recorder), Postmark(recorder), Ses(recorder)


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with serving(twilio, vonage, sns, sendgrid, mailgun, postmark, ses):
        yield


@pytest.fixture(autouse=True)
def _reached(settings: Settings) -> None:
    let_in(settings, sns.url, ses.url)


def call(told: Callback, *, spoil: bytes = b"") -> Call:
    headers = {name.lower(): value for name, value in told.headers.items()}
    return Call("POST", told.url, headers, told.body + spoil)


def form(body: str) -> Call:
    return Call("POST", URL, {"content-type": "application/x-www-form-urlencoded"}, body.encode())


def reader(kind: type[Reader], **config: Any) -> Reader:
    return kind(Account("a", "kind", "key", "sms", 1, config))


def read(made: Reader, told: Call) -> list[tuple[str, str, str, bool]]:
    made.verify(told)
    return [(event.kind, event.message_id or event.address, event.code, event.lasting) for event in made.read(told)]


def message(emulator: Any, **fields: Any) -> Message:
    values = {"id": "m-1", "to": "+4930123456", "sender": "+4930999", "asked": {}, "at": emulator.clock.now()}
    return Message(provider=emulator.name, channel=emulator.channel, **values | fields)


TWILIO = reader(TwilioReader, auth_token=twilio.token, help_text="Write to <us>.")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("MessageSid=SM1&MessageStatus=delivered", [("delivered", "SM1", "", False)]),
        ("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003", [("failed", "SM1", "30003", False)]),
        ("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30005", [("failed", "SM1", "30005", True)]),
        ("MessageSid=SM1&MessageStatus=queued", []),
        ("MessageSid=SM2&From=%2B4930123456&Body=Stop.", [("stopped", "+4930123456", "", False)]),
        ("MessageSid=SM2&From=%2B4930123456&Body=start", [("started", "+4930123456", "", False)]),
        ("MessageSid=SM2&From=%2B4930123456&Body=stop+it+please", [("stopped", "+4930123456", "", False)]),
        ("MessageSid=SM2&From=%2B4930123456&Body=STOP%2C+thanks", [("stopped", "+4930123456", "", False)]),
        ("MessageSid=SM2&From=%2B4930123456&Body=Opt-out", [("stopped", "+4930123456", "", False)]),
        ("MessageSid=SM2&From=%2B4930123456&Body=revoke", [("stopped", "+4930123456", "", False)]),
        ("MessageSid=SM2&From=%2B4930123456&Body=don't+stop", []),
        ("MessageSid=SM2&From=%2B4930123456&Body=yes+I+am+fed+up", []),
    ],
)
def test_twilio(body: str, expected: list[Any]) -> None:
    signature = RequestValidator(twilio.token).compute_signature(URL, dict(parse_qsl(body, keep_blank_values=True)))
    told = Call("POST", URL, {"x-twilio-signature": signature}, body.encode())
    assert read(TWILIO, told) == expected
    for spoilt in (
        Call("POST", URL, {"x-twilio-signature": signature}, body.encode() + b"&x=1"),
        Call("POST", URL + "?x=1", {"x-twilio-signature": signature}, body.encode()),
        Call("POST", URL, {}, body.encode()),
    ):
        with pytest.raises(Unverified):
            TWILIO.verify(spoilt)


def test_who_asks_twilio_for_help_is_told_what_the_account_says() -> None:
    asked = form("MessageSid=SM2&From=%2B4930123456&Body=HELP")
    assert "<Message>Write to &lt;us&gt;.</Message>" in TWILIO.reply(asked).body
    assert "<Message>" not in TWILIO.reply(form("MessageSid=SM2&Body=hello")).body


def test_vonage() -> None:
    made = reader(VonageReader, callback_secret=vonage.signature_secret)
    sent = message(vonage, to="4930123456")
    assert read(made, call(vonage.status(sent, "delivered", url=URL))) == [("delivered", "m-1", "0", False)]
    assert read(made, call(vonage.status(sent, "failed", url=URL, error_code="7"))) == [("failed", "m-1", "7", True)]
    assert read(made, call(vonage.status(sent, "buffered", url=URL))) == []
    stop = vonage.incoming(URL, sender="4930123456", to="1", text="STOP")
    assert read(made, call(stop)) == [("stopped", "+4930123456", "", False)]
    told = json.loads(stop.body) | {"msisdn": "4930999999"}
    for spoilt in (Callback(URL, json.dumps(told).encode(), stop.headers), Callback(URL, b"{}", stop.headers)):
        with pytest.raises(Unverified):
            made.verify(call(spoilt))
    with pytest.raises(Unverified, match="lacks callback_secret"):
        reader(VonageReader).verify(call(stop))


def test_vonage_of_yesterday(monkeypatch: pytest.MonkeyPatch) -> None:
    made = reader(VonageReader, callback_secret=vonage.signature_secret)
    told = call(vonage.status(message(vonage), "delivered", url=URL))
    monkeypatch.setattr("deliveries.callbacks.vonage.OLDEST", -1)
    with pytest.raises(Unverified, match="too old"):
        made.verify(told)


def test_sns() -> None:
    made = reader(SnsReader)
    about = {"messageId": "m-1", "timestamp": "2026-11-02 10:31:07.250"}
    told = sns.notification(URL, {"status": "SUCCESS", "notification": about, "delivery": {}})
    assert read(made, call(told)) == [("delivered", "m-1", "", False)]
    failed = {"status": "FAILURE", "notification": about, "delivery": {"providerResponse": "Phone has blocked SMS"}}
    assert read(made, call(sns.notification(URL, failed))) == [("failed", "m-1", "", True)]
    said = {"originationNumber": "+12025550100", "messageBody": "Stop", "inboundMessageId": "i-1"}
    assert read(made, call(sns.notification(URL, said))) == [("stopped", "+12025550100", "", False)]
    changed = json.loads(told.body) | {"Message": "{}"}
    with pytest.raises(Unverified, match="wrong"):
        made.verify(call(Callback(URL, json.dumps(changed).encode(), told.headers)))
    elsewhere = json.loads(told.body) | {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.example.com/x.pem"}
    with pytest.raises(Unverified, match="not Amazon's"):
        made.verify(call(Callback(URL, json.dumps(elsewhere).encode(), told.headers)))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("id=m-1&status=Success&phoneNumber=%2B254700", [("delivered", "m-1", "", False)]),
        ("id=m-1&status=Failed&failureReason=UserInBlacklist", [("failed", "m-1", "UserInBlacklist", True)]),
        ("id=m-1&status=Buffered", []),
        ("id=9&from=%2B254700000000&text=STOP", [("stopped", "+254700000000", "", False)]),
        ("id=9&from=%2B254700000000&text=HELP+me", [("asked", "+254700000000", "", False)]),
        ("id=9&from=%2B254700000000&text=can+you+help", []),
    ],
)
def test_africas_talking(body: str, expected: list[Any]) -> None:
    assert read(reader(AfricasTalkingReader), form(body)) == expected


def test_beem() -> None:
    told = Call("POST", URL, {"content-type": "application/json"}, b'{"request_id": "m-1", "Status": "DELIVERED"}')
    assert read(reader(BeemReader), told) == [("delivered", "m-1", "DELIVERED", False)]


SMS_FATES = {
    "delivered": ("delivered", False),
    "failed": ("failed", False),
    "number is gone": ("failed", True),
    "STOP": ("stopped", False),
    "START": ("started", False),
}
MAIL_FATES = {
    "delivered": ("delivered", False),
    "opened": ("opened", False),
    "clicked": ("clicked", False),
    "bounce": ("bounced", True),
    "complaint": ("complained", False),
}


@pytest.mark.parametrize(
    ("emulator", "made", "expected"),
    [
        (twilio, TWILIO, SMS_FATES),
        (vonage, reader(VonageReader, callback_secret=vonage.signature_secret), SMS_FATES),
        (mailgun, reader(AnymailReader, esp="mailgun", callback_secret=mailgun.signing_key), MAIL_FATES),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_what_the_demo_can_have_become_of_a_message(emulator: Any, made: Reader, expected: Any) -> None:
    told = {}
    for fate, post in FATES[emulator.name].items():
        ((kind, _, _, lasting),) = read(made, call(post(emulator, message(emulator), URL)))
        told[fate] = (kind, lasting)
    assert told == expected
    assert FATES.keys() == {"twilio", "vonage", "mailgun"}


ESPS = [
    ("sendgrid", sendgrid, "delivered", lambda: sendgrid.verification_key, True),
    ("mailgun", mailgun, "delivered", lambda: mailgun.signing_key, True),
    ("postmark", postmark, "Delivery", lambda: "", False),
    ("amazon_ses", ses, "Delivery", lambda: "", True),
]


@pytest.mark.parametrize(("esp", "emulator", "kind", "secret", "signed"), ESPS, ids=[row[0] for row in ESPS])
def test_an_esps_word_counts_when_it_is_signed(esp: str, emulator: Any, kind: str, secret: Any, signed: bool) -> None:
    made = reader(AnymailReader, esp=esp, callback_secret=secret())
    told = emulator.event(_mail(esp, emulator), kind, url=URL)
    (event,) = read(made, call(told))
    assert event[0] == "delivered"
    if signed:
        other = emulator.event(_mail(esp, emulator), kind, url=URL)
        spoilt = told.body.replace(b"alice@", b"mallory@")
        with pytest.raises(Unverified):
            made.verify(
                call(Callback(URL, spoilt if esp != "mailgun" else _other_signature(told, other), told.headers))
            )


@pytest.mark.parametrize(
    ("emulator", "esp", "kind", "more", "lasting"),
    [
        (sendgrid, "sendgrid", "bounce", {"type": "bounce", "status": "5.1.1"}, True),
        (sendgrid, "sendgrid", "bounce", {"type": "blocked", "status": "5.7.1"}, False),
        (ses, "amazon_ses", "Bounce", {"bounceType": "Permanent", "bounceSubType": "General"}, True),
        (ses, "amazon_ses", "Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}, False),
        (postmark, "postmark", "Bounce", {"Type": "HardBounce"}, True),
        (postmark, "postmark", "Bounce", {"Type": "SoftBounce"}, False),
    ],
)
def test_only_a_mailbox_that_is_gone_is_gone_for_good(
    emulator: Any, esp: str, kind: str, more: dict[str, Any], lasting: bool
) -> None:
    made = reader(AnymailReader, esp=esp, callback_secret=sendgrid.verification_key if esp == "sendgrid" else "")
    (event,) = read(made, call(emulator.event(_mail(esp, emulator), kind, url=URL, more=more)))
    assert (event[0], event[3]) == ("bounced", lasting)


def _mail(esp: str, emulator: Any) -> Message:
    asked = {"personalizations": [{"custom_args": {}}]} if esp == "sendgrid" else {"MailHeaders": {}}
    return message(emulator, to="alice@example.com", asked=asked)


def _other_signature(told: Callback, other: Callback) -> bytes:
    """Mailgun signs a token and a time, not the body."""
    mine, theirs = json.loads(told.body), json.loads(other.body)
    mine["signature"]["token"] = theirs["signature"]["token"]
    return json.dumps(mine).encode()
