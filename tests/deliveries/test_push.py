"""The whole way of a push: from a claim through the real clients to every device, and back to the record."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from deliveries.dispatch import dispatch
from hub.audience.models import Subscriber
from hub.devices.models import Device
from hub.fallback.models import Attempt
from project.emulators.apns import Apns
from project.emulators.fcm import Fcm
from project.emulators.recorder import Recorder
from project.emulators.serving import serving
from project.emulators.web_push import WebPush
from tests.deliveries.providers.pushes import apns_account, fcm_account, web_push_account
from tests.support.deliveries import make_item, owe
from tests.support.devices import apns_token, fcm_token, make_device
from tests.support.outbound import let_in


class Phones:
    """Everybody's emulators, on one record."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.fcm, self.apns, self.web_push = (kind(self.recorder) for kind in (Fcm, Apns, WebPush))


@pytest.fixture
def phones(settings: Settings) -> Iterator[Phones]:
    phones = Phones()
    with serving(phones.fcm, phones.apns, phones.web_push):
        let_in(settings, phones.fcm.url, phones.apns.url)
        accounts = [fcm_account(phones.fcm), apns_account(phones.apns), web_push_account()]
        providers = {account.key: {"kind": account.kind, **account.config} for account in accounts}
        settings.HUB |= {"providers": providers, "provider_timeout": 10, "delivery_lease": 60}
        yield phones


def own_devices(phones: Phones, subscriber: Subscriber) -> list[Device]:
    android = make_device(subscriber, "android", token=fcm_token())
    iphone = make_device(subscriber, "iphone", platform="apns", token=apns_token())
    browser = make_device(
        subscriber, "browser", platform="web_push", token=None, subscription=phones.web_push.subscribe()
    )
    return [android, iphone, browser]


def test_every_device_is_reached_in_its_own_words(alice: Subscriber, phones: Phones) -> None:
    own_devices(phones, alice)
    said = {"push": {"body": "Shorter", "apns": {"title": "For the iPhone"}, "devices": {"browser": {"sound": ""}}}}
    owe(alice, make_item(alice, overrides=said), channel="push")
    dispatch("push", "high")
    arrived = {message.provider: message for message in phones.recorder.taken()}
    assert {name: (message.title, message.body) for name, message in arrived.items()} == {
        "fcm": ("Hello", "Shorter"),
        "apns": ("For the iPhone", "Shorter"),
        "web_push": ("Hello", "Shorter"),
    }
    assert arrived["web_push"].asked["silent"] is True
    assert set(Attempt.objects.values_list("provider", "outcome")) == {
        (f"{kind}:{kind}", "sent") for kind in ("fcm", "apns", "web_push")
    }


def test_who_is_not_there_any_more_is_pushed_to_no_more(alice: Subscriber, phones: Phones) -> None:
    android, iphone, browser = own_devices(phones, alice)
    phones.fcm.devices[android.token] = "UNREGISTERED"
    phones.apns.devices[iphone.token] = "BadDeviceToken"
    phones.web_push.gone.add(browser.token.rpartition("/")[2])
    other = make_device(alice, "other", token=fcm_token())
    phones.fcm.devices[other.token] = "SENDER_ID_MISMATCH"
    owe(alice, channel="push")
    dispatch("push", "high")
    reasons = dict(Device.objects.values_list("external_id", "reason"))
    assert reasons == {"android": "unregistered", "iphone": "unregistered", "browser": "unregistered", "other": ""}
