"""Promise: a text message is never sent twice where nobody knows what became of the first, and never after STOP."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from deliveries import dispatch
from hub.audience.models import Subscriber
from hub.callbacks.addresses import callback_url
from hub.callbacks.processing import sweep
from hub.fallback.models import Attempt, Delivery
from hub.providers.accounts import hub_accounts
from hub.suppression.models import Suppression
from project.emulators.callbacks import Callback
from project.emulators.script import HANG, RESET_AFTER, Deed, Refusal
from project.emulators.serving import serving
from project.emulators.twilio import Twilio
from tests.support.deliveries import make_due, owe
from tests.support.factories import make_subscriber
from tests.support.outbound import let_in

NUMBER = "+4915112345678"


@pytest.fixture
def twilio(settings: Settings) -> Iterator[Twilio]:
    """Two accounts with it, so that there is always another one to try."""
    with serving(emulator := Twilio()):
        account = {"kind": "twilio", "account_sid": Twilio.account, "auth_token": Twilio.token, "from": "+15005550006"}
        accounts = {name: account | {"url": emulator.url} for name in ("first", "second")}
        let_in(settings, emulator.url)
        settings.HUB |= {"providers": accounts}
        yield emulator


def owe_text(subscriber: Subscriber) -> Delivery:
    """Sent as often as it will ever be."""
    delivery = owe(subscriber, channel="sms")
    for _ in range(6):
        dispatch.dispatch("sms", "high")
        make_due()
    delivery.refresh_from_db()
    return delivery


@pytest.fixture
def phone(alice: Subscriber) -> Subscriber:
    return make_subscriber(alice.tenant, "phone", phone=NUMBER)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("deed", [HANG, RESET_AFTER])
def test_what_may_have_arrived_is_not_sent_again(phone: Subscriber, twilio: Twilio, deed: Deed) -> None:
    twilio.script.always(deed)
    delivery = owe_text(phone)
    assert (delivery.state, delivery.reason) == ("dead", "ambiguous")
    assert len(twilio.recorder.taken(to=NUMBER)) == len(twilio.recorder.asked(to=NUMBER)) == 1


def test_whoever_told_the_provider_stop_is_written_to_no_more(phone: Subscriber, twilio: Twilio) -> None:
    twilio.script.always(Refusal(400, "21610"))
    assert owe_text(phone).reason == "address_dead"
    suppression = Suppression.objects.get()
    assert (suppression.channel, suppression.address, suppression.reason) == ("sms", NUMBER, "stop")
    assert suppression.source == Attempt.objects.get().provider == "twilio:first"
    twilio.script.behave()
    assert owe_text(phone).reason == "suppressed"
    assert len(twilio.recorder.asked()) == 1


def test_a_number_that_is_dead_for_another_reason_is_on_no_list(phone: Subscriber, twilio: Twilio) -> None:
    twilio.script.always(Refusal(400, "21211"))
    assert owe_text(phone).reason == "address_dead"
    assert not Suppression.objects.exists()


def test_who_answers_stop_is_written_to_no_more_until_they_answer_start(phone: Subscriber, twilio: Twilio) -> None:
    """As Twilio tells it: signed, to the account's own address."""
    url = callback_url(hub_accounts("sms")[0])

    def answers(text: str, *, sender: str = NUMBER) -> int:
        told = twilio.incoming(url, sender=sender, to="+15005550006", body=text)
        status = post(told, signed=True)
        sweep()
        return status

    assert owe_text(phone).state == "sent"
    assert answers("what is this?") == answers("Stop", sender="+15005550009") == 200
    assert owe_text(phone).state == "sent"
    assert answers("Stop it.") == 200
    listed = Suppression.objects.get()
    assert (listed.address, listed.reason, listed.source) == (NUMBER, "stop", "twilio:first")
    assert owe_text(phone).reason == "suppressed"
    assert answers("START") == 200
    assert owe_text(phone).state == "sent"
    assert len(twilio.recorder.asked()) == 3


def test_nobody_stops_or_starts_anybody_unsigned(phone: Subscriber, twilio: Twilio) -> None:
    url = callback_url(hub_accounts("sms")[0])
    assert post(twilio.incoming(url, sender=NUMBER, to="+15005550006", body="STOP"), signed=False) == 403
    sweep()
    assert owe_text(phone).state == "sent"


def post(told: Callback, *, signed: bool) -> int:
    headers = {"X-Twilio-Signature": told.headers["x-twilio-signature"] if signed else "bm9uZQ=="}
    kind = told.headers["content-type"]
    return Client().post(urlsplit(told.url).path, told.body, content_type=kind, headers=headers).status_code
