"""Promise: what is read elsewhere goes from every screen that shows it, by one silent push a device, tried once."""

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from deliveries import sweeper, withdrawals
from deliveries.dispatch import dispatch
from hub.audience.models import Stream, Subscriber
from hub.devices.models import Device
from hub.devices.services import remove
from hub.fallback import withdrawals as notes
from hub.fallback.models import Delivery, Withdrawal
from hub.inbox import services
from hub.inbox.models import InboxItem
from hub.inbox.services import mark
from hub.tenancy.models import Tenant
from project.emulators.recorder import Message
from project.emulators.script import HANG, RESET_AFTER, Refusal
from tests.deliveries.conftest import HASTY
from tests.deliveries.providers.pushes import Phones, own_devices
from tests.support.deliveries import make_item, owe
from tests.support.devices import apns_token, fcm_token, make_device
from tests.support.factories import counts


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "GATHERED", 0.0)


def push(who: Subscriber, count: int = 1, **fields: Any) -> list[InboxItem]:
    """So many items, each pushed to every device."""
    items = [make_item(who, **fields) for _ in range(count)]
    for item in items:
        owe(who, item, channel="push")
    Stream.objects.filter(subscriber=who).update(last_seq=100, unread=100, unseen=100)
    dispatch("push", "high")
    return items


def do(who: Subscriber, op: str, *items: InboxItem, **more: Any) -> None:
    chosen = {"ids": [str(item.id) for item in items]} if items else {"all": True, "upto": 1_000}
    mark(subscriber_id=who.id, request={"op": op, **chosen, **more}, origin="test")


def silent(phones: Phones, provider: str = "") -> list[Message]:
    return [message for message in phones.recorder.asked(provider) if message.withdraws is not None]


def test_read_elsewhere_goes_from_every_screen(alice: Subscriber, phones: Phones) -> None:
    android, iphone, _ = own_devices(phones, alice)
    (item,) = push(alice)
    assert not silent(phones)
    do(alice, "read", item)
    withdrawals.run()
    to_android, to_iphone = sorted(silent(phones), key=lambda message: message.provider, reverse=True)
    assert (to_android.to, to_android.withdraws) == (android.token, (item.notification_id.hex,))
    assert (to_iphone.to, to_iphone.withdraws) == (iphone.token, (str(item.id),))
    assert {to_android.badge, to_iphone.badge} == {99}
    assert (to_iphone.headers["apns-push-type"], to_iphone.headers["apns-priority"]) == ("background", "5")
    assert "apns-collapse-id" not in to_iphone.headers
    assert to_android.asked["message"]["android"]["priority"] == "NORMAL"
    assert "notification" not in to_android.asked["message"]
    assert not Withdrawal.objects.exists()


def test_a_browser_is_told_nothing_as_it_would_have_to_show_it(
    alice: Subscriber, phones: Phones, caplog: pytest.LogCaptureFixture
) -> None:
    own_devices(phones, alice)
    do(alice, "read", *push(alice))
    withdrawals.run()
    assert "contract" not in caplog.text
    assert len(phones.recorder.asked("web_push")) == 1
    assert {message.provider for message in silent(phones)} == {"fcm", "apns"}


def test_many_at_once_are_one_push_a_device(alice: Subscriber, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CHUNK", 25)
    own_devices(phones, alice)
    items = push(alice, 60)
    do(alice, "read")
    withdrawals.run()
    latest = [str(item.id) for item in reversed(items)][:40]
    (to_iphone,), (to_android,) = silent(phones, "apns"), silent(phones, "fcm")
    assert (to_iphone.asked["item_ids"], to_iphone.asked["more"], to_iphone.badge) == (latest, True, 40)
    assert len(to_android.withdraws or ()) == 40
    assert len(phones.recorder.asked("apns")) == len(phones.recorder.asked("fcm")) == 61


def test_what_is_read_and_then_archived_is_withdrawn_once(alice: Subscriber, phones: Phones) -> None:
    own_devices(phones, alice)
    items = push(alice)
    do(alice, "read", *items)
    withdrawals.run()
    do(alice, "archive", *items)
    withdrawals.run()
    assert len(silent(phones)) == 2


def test_only_who_was_reached_and_is_still_theirs_is_told(alice: Subscriber, bob: Subscriber, phones: Phones) -> None:
    android, iphone, _ = own_devices(phones, alice)
    moved, gone = (make_device(alice, name, platform="apns", token=apns_token()) for name in ("moved", "gone"))
    phones.fcm.devices[android.token] = "SENDER_ID_MISMATCH"
    items = push(alice)
    phones.fcm.devices.clear()
    make_device(alice, "new", token=fcm_token())
    make_device(bob, "was-alices", platform="apns", token=moved.token)
    remove(subscriber=alice, external_id=gone.external_id)
    do(alice, "read", *items)
    withdrawals.run()
    assert [message.to for message in silent(phones)] == [iphone.token]


def test_while_the_push_is_on_its_way_it_waits(alice: Subscriber, phones: Phones) -> None:
    own_devices(phones, alice)
    items = push(alice)
    Delivery.objects.update(state="claimed", lease_until="2100-01-01T00:00:00Z")
    do(alice, "read", *items)
    withdrawals.run()
    assert not silent(phones)
    Delivery.objects.update(state="sent", lease_until=None)
    withdrawals.run()
    assert len(silent(phones)) == 2


def test_what_is_unread_again_by_then_stays(alice: Subscriber, phones: Phones) -> None:
    own_devices(phones, alice)
    one, other = push(alice, 2)
    do(alice, "read", one, other)
    do(alice, "unread", one)
    withdrawals.run()
    assert silent(phones, "apns")[0].withdraws == (str(other.id),)


def test_what_a_group_shows_stays_while_any_of_it_is_unread(alice: Subscriber, phones: Phones) -> None:
    """Pushes of a group take each other's place on the screen: under its tag may stand the one that nobody has read."""
    own_devices(phones, alice)
    first, second = push(alice, 2, group_key="order-17")
    (named,) = push(alice, overrides={"push": {"collapse_id": "mine"}})
    do(alice, "read", first, named)
    withdrawals.run()
    do(alice, "read", second)
    withdrawals.run()
    assert [message.withdraws for message in silent(phones, "fcm")] == [("mine",), ("order-17",)]
    assert [set(message.withdraws or ()) for message in silent(phones, "apns")] == [
        {str(first.id), str(named.id)},
        {str(second.id)},
    ]


@pytest.mark.parametrize("act", [Refusal(500), Refusal(400), RESET_AFTER])
def test_what_fails_is_not_tried_again(alice: Subscriber, phones: Phones, act: Any) -> None:
    own_devices(phones, alice)
    items = push(alice)
    phones.fcm.script.always(act)
    do(alice, "read", *items)
    withdrawals.run()
    withdrawals.run()
    assert (len(silent(phones, "fcm")), len(silent(phones, "apns"))) == (1, 1)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_who_is_not_there_any_more_is_pushed_to_no_more(alice: Subscriber, phones: Phones) -> None:
    android, *_ = own_devices(phones, alice)
    items = push(alice)
    phones.fcm.devices[android.token] = "UNREGISTERED"
    do(alice, "read", *items)
    withdrawals.run()
    assert dict(Device.objects.values_list("external_id", "reason")) == {
        "android": "unregistered",
        "iphone": "",
        "browser": "",
    }
    android.refresh_from_db()
    assert android.history[-1]["word"] == "UNREGISTERED"


def test_an_account_at_rest_is_not_called(alice: Subscriber, phones: Phones) -> None:
    own_devices(phones, alice)
    one, other = push(alice, 2)
    phones.fcm.script.then(Refusal(503, retry_after=600))
    do(alice, "read", one)
    withdrawals.run()
    do(alice, "read", other)
    withdrawals.run()
    assert (len(silent(phones, "fcm")), len(silent(phones, "apns"))) == (1, 2)


def test_one_that_hangs_keeps_no_other_from_being_told(alice: Subscriber, phones: Phones, settings: Settings) -> None:
    own_devices(phones, alice)
    items = push(alice)
    settings.HUB = settings.HUB | HASTY
    phones.fcm.script.always(HANG)
    do(alice, "read", *items)
    withdrawals.run()
    assert len(silent(phones, "apns")) == 1


def test_a_suspended_tenant_calls_nobody(alice: Subscriber, phones: Phones) -> None:
    own_devices(phones, alice)
    do(alice, "read", *push(alice))
    Tenant.objects.update(status="suspended")
    withdrawals.run()
    assert not silent(phones)
    assert not Withdrawal.objects.exists()


def test_the_sweep_starts_it(alice: Subscriber, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    own_devices(phones, alice)
    items = push(alice)
    assert sweeper.run_step("withdrawals") == 0
    monkeypatch.setattr(notes, "GATHERED", 3600.0)
    do(alice, "read", *items)
    assert sweeper.run_step("withdrawals") == 0  # more may come
    monkeypatch.setattr(notes, "GATHERED", 0.0)
    assert sweeper.run_step("withdrawals") == 1
    assert withdrawals.join(30)
    assert len(silent(phones)) == 2
    assert counts(alice.id)[0] == 99


def test_workers_at_the_same_time_tell_each_device_of_an_item_once(
    alice: Subscriber, bob: Subscriber, phones: Phones
) -> None:
    everybody = (alice, bob)
    for who in everybody:
        own_devices(phones, who)
        do(who, "read", *push(who, 5))
    barrier = Barrier(4)

    def run() -> None:
        barrier.wait()
        withdrawals.run()
        connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [(message.to, item) for message in silent(phones, "apns") for item in message.withdraws or ()]
    assert len(told) == len(set(told)) == 10
