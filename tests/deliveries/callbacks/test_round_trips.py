"""Promise: a mail goes out through each service's own API, and what that posts back over HTTP counts only when it is proved."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from deliveries import dispatch
from hub.audience.models import Subscriber
from hub.callbacks.addresses import callback_url
from hub.callbacks.models import Callback, DeliveryEvent
from hub.callbacks.processing import sweep
from hub.fallback.models import Delivery, DeliveryDestination
from hub.providers.accounts import hub_accounts
from hub.suppression.models import Suppression
from project.emulators.callbacks import Callback as Told
from project.emulators.mailgun import Mailgun
from project.emulators.postmark import Postmark
from project.emulators.recorder import Message
from project.emulators.sendgrid import SendGrid
from project.emulators.serving import serving
from tests.deliveries.providers.subjects import ALICE, SUBJECTS
from tests.emulators.http import basic
from tests.support.deliveries import owe
from tests.support.outbound import let_in

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
PASSWORD = "hub:secret"


@dataclass(frozen=True)
class Trip:
    """A mail that a service has taken, and the service."""

    esp: str
    emulator: Any
    message: Message
    url: str

    def bounce(self) -> Told:
        """What the service tells of a mailbox that is not there."""
        kind, more = BOUNCES[self.esp]
        proof = {"secret": PASSWORD} if self.esp == "postmark" else {}
        told: Told = self.emulator.event(self.message, kind, url=self.url, more=more, **proof)
        return told


# of a mailbox that is not there
BOUNCES: dict[str, tuple[str, dict[str, Any]]] = {
    "sendgrid": ("bounce", {"type": "bounce", "status": "5.1.1", "reason": "no such user"}),
    "mailgun": ("failed", {"severity": "permanent", "reason": "bounce", "delivery-status": {"code": 550}}),
    "postmark": ("Bounce", {"Type": "HardBounce"}),
    "amazon_ses": ("Bounce", {"bounceType": "Permanent", "bounceSubType": "General"}),
}


def secret_of(emulator: Any) -> str:
    match emulator:
        case SendGrid():
            return emulator.verification_key
        case Mailgun():
            return emulator.signing_key
        case Postmark():
            return PASSWORD
    return ""


@pytest.fixture(params=[subject for subject in SUBJECTS if subject.kind == "anymail"], ids=lambda one: one.name)
def trip(
    request: pytest.FixtureRequest, alice: Subscriber, settings: Settings, live_server: LiveServer
) -> Iterator[Trip]:
    """There: through the hub's own account, over HTTP."""
    subject = request.param
    with serving(emulator := subject.emulator()):
        let_in(settings, emulator.url)
        config = subject.config_for(emulator.url) | {"callback_secret": secret_of(emulator)}
        settings.HUB |= {"providers": {"mail": {"kind": "anymail", **config}}, "public_url": live_server.url}
        owe(alice)
        dispatch.dispatch("email", "high")
        (message,) = emulator.recorder.taken()
        assert (message.to, Delivery.objects.get().state) == (ALICE, "sent")
        yield Trip(subject.name, emulator, message, callback_url(hub_accounts("email")[0]))


def test_what_comes_back_is_believed(trip: Trip, alice: Subscriber) -> None:
    assert trip.bounce().post() == 200
    assert sweep() == 1
    assert DeliveryEvent.objects.get().kind == DeliveryDestination.objects.get().fate == "bounced"
    listed = Suppression.objects.get()
    assert (listed.address, listed.reason, listed.source) == (ALICE, "hard_bounce", "anymail:mail")
    owe(alice)
    dispatch.dispatch("email", "high")
    assert len(trip.emulator.recorder.asked()) == 1


def test_what_is_not_proved_is_neither_believed_nor_kept(trip: Trip) -> None:
    for forged in FORGERIES[trip.esp](trip):
        assert forged.post() == 403
    told, other = trip.bounce(), "1" if trip.url.endswith("0") else "0"
    assert Told(trip.url[:-1] + other, told.body, told.headers).post() == 404
    assert not Callback.objects.exists()
    assert sweep() == 0
    assert not Suppression.objects.exists()


def of_sendgrid(trip: Trip) -> Iterator[Told]:
    told, header = trip.bounce(), "x-twilio-email-event-webhook-signature"
    yield Told(told.url, told.body.replace(b"alice@", b"other@"), told.headers)
    yield Told(told.url, told.body, without(told, header))
    yield Told(told.url, told.body, {**told.headers, header: trip.bounce().headers[header]})
    yield SendGrid().event(trip.message, "bounce", url=trip.url)


def of_mailgun(trip: Trip) -> Iterator[Told]:
    """It signs a token and a time, not what it tells."""
    told = trip.bounce()
    whole = json.loads(told.body)
    for name, value in (("token", "0" * 50), ("timestamp", "1"), ("signature", "0" * 64), ("signature", "")):
        body = whole | {"signature": whole["signature"] | {name: value}}
        yield Told(told.url, json.dumps(body).encode(), told.headers)
    yield Told(told.url, json.dumps({"event-data": whole["event-data"]}).encode(), told.headers)


def of_postmark(trip: Trip) -> Iterator[Told]:
    """It signs nothing: it knows the address, and the password in it."""
    told = trip.bounce()
    yield Told(told.url, told.body, without(told, "authorization"))
    yield Told(told.url, told.body, {**told.headers, "authorization": basic("hub", "wrong")})


def of_ses(trip: Trip) -> Iterator[Told]:
    told = trip.bounce()
    whole = json.loads(told.body)
    other = json.loads(trip.bounce().body)["Signature"]
    elsewhere = {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.example.com/x.pem"}
    for wrong in ({"Message": "{}"}, {"Signature": other}, {"Signature": ""}, {"SignatureVersion": "0"}, elsewhere):
        yield Told(told.url, json.dumps(whole | wrong).encode(), told.headers)


FORGERIES = {"sendgrid": of_sendgrid, "mailgun": of_mailgun, "postmark": of_postmark, "amazon_ses": of_ses}


def without(told: Told, header: str) -> dict[str, str]:
    return {name: value for name, value in told.headers.items() if name != header}
