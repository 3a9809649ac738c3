"""Promise: a text message's receipt finds its way back by the address that it was sent with; STOP ends, START resumes."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from deliveries import dispatch
from hub.audience.models import Subscriber
from hub.callbacks.addresses import callback_url
from hub.callbacks.models import Callback
from hub.callbacks.processing import sweep
from hub.fallback.models import Delivery, DeliveryDestination
from hub.providers.accounts import hub_accounts
from hub.suppression.models import Suppression
from project.emulators.callbacks import Callback as Told
from project.emulators.recorder import Message
from project.emulators.serving import serving
from project.emulators.twilio import Twilio
from tests.support.deliveries import owe
from tests.support.factories import make_subscriber
from tests.support.outbound import let_in

NUMBER, SENDER = "+4915112345678", "+15005550006"


@pytest.fixture
def twilio(settings: Settings) -> Iterator[Twilio]:
    with serving(emulator := Twilio()):
        let_in(settings, emulator.url)
        known = {"account_sid": Twilio.account, "auth_token": Twilio.token, "help_text": "Write to us."}
        account = {"kind": "twilio", "from": SENDER, "url": emulator.url}
        settings.HUB |= {"providers": {"texts": account | known}}
        yield emulator


@pytest.fixture
def phone(alice: Subscriber) -> Subscriber:
    return make_subscriber(alice.tenant, "phone", phone=NUMBER)


def text(subscriber: Subscriber) -> Delivery:
    delivery = owe(subscriber, channel="sms")
    dispatch.dispatch("sms", "high")
    delivery.refresh_from_db()
    return delivery


@pytest.fixture
def texted(phone: Subscriber, twilio: Twilio) -> Message:
    """A text that Twilio has taken."""
    text(phone)
    (message,) = twilio.recorder.taken()
    return message


def post(told: Told) -> str:
    """Post it as Twilio does, and work it through; returns what Twilio hears."""
    headers = dict(told.headers)
    answer = Client().post(urlsplit(told.url).path, told.body, headers.pop("content-type"), headers=headers)
    assert answer.status_code == 200
    assert sweep() == 1
    return answer.content.decode()


def answered(twilio: Twilio, body: str) -> str:
    """Somebody answers to the number that it came from."""
    url = callback_url(hub_accounts("sms")[0])
    return post(twilio.incoming(url, sender=NUMBER, to=SENDER, body=body))


def test_its_receipt_comes_back_by_the_address_that_it_was_sent_with(texted: Message, twilio: Twilio) -> None:
    post(twilio.status(texted, "delivered"))
    assert DeliveryDestination.objects.get().fate == "delivered"
    assert not Suppression.objects.exists()


def test_a_receipt_may_be_faster_than_the_record_of_its_message(texted: Message, twilio: Twilio) -> None:
    DeliveryDestination.objects.update(provider_message_id="")
    post(twilio.status(texted, "delivered"))
    assert DeliveryDestination.objects.get().fate == ""
    assert sweep() == 0
    DeliveryDestination.objects.update(provider_message_id=texted.id)
    Callback.objects.filter(due_at__gt=Now()).update(due_at=Now())
    assert sweep() == 1
    assert DeliveryDestination.objects.get().fate == "delivered"
    assert Callback.objects.get().due_at is None


def test_what_is_told_of_nobodys_message_is_looked_at_twice(texted: Message, twilio: Twilio) -> None:
    post(twilio.status(replace(texted, id="SM-of-another-application"), "delivered"))
    Callback.objects.filter(due_at__gt=Now()).update(due_at=Now())
    assert sweep() == 1
    assert Callback.objects.get().due_at is None
    assert DeliveryDestination.objects.get().fate == ""


@pytest.mark.parametrize(("code", "listed"), [("30005", ["hard_bounce"]), ("30003", [])])
def test_a_number_that_is_gone_for_good_is_on_the_list(
    texted: Message, twilio: Twilio, code: str, listed: list[str]
) -> None:
    post(twilio.status(texted, "undelivered", error_code=code))
    assert DeliveryDestination.objects.get().fate == "failed"
    assert list(Suppression.objects.values_list("reason", flat=True)) == listed


def test_stop_ends_and_start_resumes(texted: Message, phone: Subscriber, twilio: Twilio, charlie: Subscriber) -> None:
    stranger = make_subscriber(charlie.tenant, "other", phone="+4915199999999")
    answered(twilio, "STOP")
    row = Suppression.objects.get()
    assert (row.tenant, row.channel, row.address, row.reason) == (phone.tenant, "sms", NUMBER, "stop")
    assert text(phone).reason == "suppressed"
    assert text(stranger).state == "sent"
    answered(twilio, "start")
    assert not Suppression.objects.filter(lifted_at=None).exists()
    assert text(phone).state == "sent"


def test_help_is_answered_and_ends_nothing(texted: Message, twilio: Twilio) -> None:
    assert "<Message>Write to us.</Message>" in answered(twilio, "HELP")
    assert not Suppression.objects.exists()
