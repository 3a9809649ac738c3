"""The whole way of a push: from a claim through the real clients to every device, and back to the record."""

import pytest

from deliveries.dispatch import dispatch
from hub.audience.models import Subscriber
from hub.devices.models import Device
from hub.fallback.models import Attempt, Delivery
from tests.deliveries.providers.pushes import Phones, own_devices
from tests.support.deliveries import make_item, owe
from tests.support.devices import apns_token, fcm_token, make_device


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


@pytest.mark.parametrize(("platform", "word"), [("fcm", "SENDER_ID_MISMATCH"), ("apns", "DeviceTokenNotForTopic")])
def test_who_registers_devices_of_another_app_puts_nobodys_account_to_rest(
    alice: Subscriber, bob: Subscriber, phones: Phones, platform: str, word: str
) -> None:
    for _ in range(6):
        token = fcm_token() if platform == "fcm" else apns_token()
        getattr(phones, platform).devices[make_device(alice, platform=platform, token=token).token] = word
    owe(alice, channel="push")
    dispatch("push", "high")
    own_devices(phones, bob)
    owe(bob, channel="push")
    dispatch("push", "high")
    ended = dict(Delivery.objects.values_list("subscriber__external_id", "state"))
    assert ended == {alice.external_id: "dead", bob.external_id: "sent"}
    assert len(phones.recorder.taken()) == 3
