"""Promise: a push goes to every active device, each through its own kind of provider, until that says nobody is there."""

import pytest
from pytest_django import Settings

from hub.audience.models import Subscriber
from hub.devices.models import Device
from hub.devices.selectors import push_targets
from hub.fallback.models import Delivery, DeliveryDestination
from hub.fallback.record import record
from hub.rows import ask
from tests.support.deliveries import answer, owe, take
from tests.support.devices import make_device, subscription
from tests.support.factories import send


@pytest.fixture(autouse=True)
def _pushing(settings: Settings) -> None:
    fake = "tests.support.fake_provider.FakePush"
    kinds = {"fcm": fake, "web_push": fake}
    settings.HUB = settings.HUB | {"provider_kinds": kinds, "providers": {name: {"kind": name} for name in kinds}}


def test_each_device_has_its_own_provider_and_all_that_it_takes(alice: Subscriber) -> None:
    phone = make_device(alice, "phone", app="com.example", locale="de")
    browser = make_device(alice, platform="web_push", token=None, subscription=subscription())
    make_device(alice, platform="apns", token="ab" * 32)
    owe(alice, channel="push")
    works = {work.address: work for work in take(channel="push").works}
    assert works.keys() == {str(phone.pk), str(browser.pk)}
    mobile, web = works[str(phone.pk)], works[str(browser.pk)]
    assert (mobile.account.kind, mobile.data["token"], mobile.data["app"]) == ("fcm", phone.token, "com.example")
    assert (mobile.data["platform"], mobile.data["external_id"]) == ("fcm", "phone")
    assert (web.account.kind, web.data["token"], web.data["keys"].keys()) == (
        "web_push",
        browser.token,
        {"p256dh", "auth"},
    )


def test_a_token_is_on_no_record_and_in_no_repr(alice: Subscriber) -> None:
    device = make_device(alice)
    owe(alice, channel="push")
    (work,) = take(channel="push").works
    assert DeliveryDestination.objects.get().address == str(device.pk)
    assert device.token not in repr(work)


def test_who_has_a_device_is_planned_a_push(alice: Subscriber, bob: Subscriber) -> None:
    make_device(alice)
    make_device(bob, "gone")
    Device.objects.filter(subscriber=bob).update(deactivated_at="2026-01-01T00:00Z", reason="removed")
    sent = send(alice.tenant, ["alice", "bob"])
    planned = Delivery.objects.filter(notification=sent, channel="push")
    assert {one.subscriber_id: one.reason for one in planned} == {alice.pk: "", bob.pk: "no_destination"}


def test_only_the_device_that_is_gone_is_let_go(alice: Subscriber) -> None:
    gone, kept = make_device(alice), make_device(alice)
    delivery = owe(alice, channel="push")
    outcomes = {str(gone.pk): "address_dead", str(kept.pk): "sent"}
    record([answer(work, outcomes[work.address], code="UNREGISTERED") for work in take(channel="push").works])
    delivery.refresh_from_db()
    gone.refresh_from_db()
    assert delivery.state == "sent"
    assert (gone.reason, gone.history[-1]["word"]) == ("unregistered", "UNREGISTERED")
    assert [one.device_id for one in ask(push_targets([alice.pk]))[alice.pk]] == [kept.pk]


@pytest.mark.parametrize("outcome", ["permanent", "configuration", "throttled", "transient", "ambiguous"])
def test_nothing_but_the_providers_word_prunes_a_device(alice: Subscriber, outcome: str) -> None:
    make_device(alice)
    owe(alice, channel="push")
    record([answer(work, outcome) for work in take(channel="push").works])
    assert ask(push_targets([alice.pk]))


def test_who_registered_again_meanwhile_is_kept(alice: Subscriber) -> None:
    device = make_device(alice, "phone")
    owe(alice, channel="push")
    works = take(channel="push").works
    make_device(alice, "phone", token=device.token)
    record([answer(work, "address_dead") for work in works])
    assert ask(push_targets([alice.pk]))


def test_a_dead_mail_address_touches_no_device(alice: Subscriber) -> None:
    make_device(alice)
    owe(alice)
    record([answer(work, "address_dead") for work in take().works])
    assert ask(push_targets([alice.pk]))
