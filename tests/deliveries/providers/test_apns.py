"""APNs: what is sent, by aioapns's client, pool and protocol, and what Apple's answers mean."""

import time
from typing import Any

import aioapns
import aioapns.connection
import pytest

from deliveries.providers.errors import Configuration
from hub.ids import uuid7
from project.emulators.apns import Apns
from project.emulators.script import (
    EMPTY,
    GO_AWAY,
    REFUSE_STREAM,
    RESET_AFTER,
    RESET_BEFORE,
    RESET_STREAM,
    Act,
    Refusal,
    Reply,
)
from tests.deliveries.providers.pushes import (
    DEVICE,
    apns_account,
    aps_of,
    make,
    push,
    push_through,
    push_work,
    withdraw,
)
from tests.support.works import make_withdrawal


def test_it_arrives(apns: Apns) -> None:
    account = apns_account(apns)
    work = push_work(account, unread=4, group_key="order-17", expires_in=60.0)
    (receipt,) = push(account, work)
    (message,) = apns.recorder.taken()
    assert (receipt.outcome, receipt.code) == ("sent", "200")
    assert receipt.message_id == message.id == str(work.destination_id)  # type: ignore[union-attr]
    assert (message.to, message.title, message.body, message.badge) == (DEVICE, "Hello", "A line.", 4)
    assert aps_of(message)["thread-id"] == "order-17"
    headers = message.headers
    assert (headers["apns-topic"], headers["apns-collapse-id"]) == ("com.example", "order-17")
    assert (headers["apns-push-type"], headers["apns-priority"]) == ("alert", "10")
    assert int(headers["apns-expiration"]) == pytest.approx(time.time() + 60, abs=30)


def test_a_device_names_its_app(apns: Apns) -> None:
    account = apns_account(apns)
    push(account, push_work(account, data={"app": "com.example.beta"}))
    assert apns.recorder.taken()[0].headers["apns-topic"] == "com.example.beta"


def test_it_takes_back_in_silence(apns: Apns) -> None:
    account = apns_account(apns)
    item, gone = uuid7(), "0" * 64
    apns.devices[gone] = "Unregistered"
    sent, dead, refused = withdraw(
        make_withdrawal((item, "order-17"), account=account, token=DEVICE, app="com.example.beta", unread=2),
        make_withdrawal((item, ""), account=account, token=gone),
        make_withdrawal((item, ""), account=account, token="../../elsewhere"),
    )
    (message,) = apns.recorder.taken()
    assert (sent.message_id, message.to, message.badge) == (message.id, DEVICE, 2)  # type: ignore[union-attr]
    assert message.withdraws == (str(item),)
    headers = message.headers
    assert (headers["apns-push-type"], headers["apns-priority"]) == ("background", "5")
    assert headers["apns-topic"] == "com.example.beta"
    assert int(headers["apns-expiration"]) > time.time() + 24 * 3600
    assert (dead.outcome, dead.code) == ("address_dead", "Unregistered")
    assert (refused.outcome, refused.code) == ("permanent", "BadDeviceToken")


def test_it_is_aioapns_that_sends(apns: Apns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes round its client, its pool or its protocol is seen here."""
    through = []
    for place, name in (
        (aioapns.APNs, "send_notification"),
        (aioapns.connection.APNsKeyConnectionPool, "_create_connection"),
        (aioapns.connection.APNsBaseClientProtocol, "send_notification"),
    ):
        monkeypatch.setattr(place, name, noted(getattr(place, name), f"{place.__name__}.{name}", through))
    account = apns_account(apns)
    push(account, push_work(account))
    assert through == [
        "APNs.send_notification",
        "APNsKeyConnectionPool._create_connection",
        "APNsBaseClientProtocol.send_notification",
    ]


def noted(method: Any, name: str, through: list[str]) -> Any:
    def called(*args: Any, **options: Any) -> Any:
        through.append(name)
        return method(*args, **options)

    return called


@pytest.mark.parametrize(
    ("act", "outcome", "code"),
    [
        (Refusal(410), "address_dead", "Unregistered"),
        (Refusal(410, "ExpiredToken"), "address_dead", "ExpiredToken"),
        (Refusal(400, "BadDeviceToken"), "address_dead", "BadDeviceToken"),
        (Refusal(400, "DeviceTokenNotForTopic"), "unfit", "DeviceTokenNotForTopic"),
        (Refusal(400, "BadPriority"), "permanent", "BadPriority"),
        (Refusal(403, "InvalidProviderToken"), "configuration", "InvalidProviderToken"),
        (Refusal(403, "ExpiredProviderToken"), "transient", "ExpiredProviderToken"),
        (Refusal(413), "permanent", "PayloadTooLarge"),
        (Refusal(429, retry_after=7), "throttled", "TooManyRequests"),
        (Refusal(429, "TooManyProviderTokenUpdates", retry_after=7), "throttled", "TooManyProviderTokenUpdates"),
        (Refusal(500), "throttled", "InternalServerError"),
        (Refusal(503, "Shutdown", retry_after=7), "throttled", "Shutdown"),
        # somebody in between, who can't know
        (Reply(500, b"<html>"), "ambiguous", "500"),
        (Reply(502, b""), "ambiguous", "502"),
        (Reply(400, b""), "permanent", "400"),
        (EMPTY, "sent", "200"),
        (Reply(200, b"not expected", {}), "sent", "200"),
        (RESET_AFTER, "ambiguous", "ConnectionClosed"),
        (RESET_BEFORE, "ambiguous", "ConnectionClosed"),
        (RESET_STREAM, "ambiguous", "StreamLost"),
        (REFUSE_STREAM, "transient", "refused"),
        (GO_AWAY, "transient", "goaway"),
    ],
)
def test_what_apple_says(apns: Apns, act: Act, outcome: str, code: str) -> None:
    account = apns_account(apns)
    provider = make(account)
    apns.script.then(act)
    (receipt,) = push_through(provider, push_work(account), keep=True)
    assert (str(receipt.outcome), receipt.code) == (outcome, code)
    retry_after = getattr(act, "retry_after", None)
    assert receipt.retry_after == retry_after
    # the next one is none the worse for it
    assert push_through(provider, push_work(account))[0].outcome == "sent"
    assert not isinstance(act, Refusal) or len(apns.recorder.asked()) == 2


@pytest.mark.parametrize(
    "config",
    [{"key": "not a key"}, {"key": ""}, {"topic": ""}, {"url": "https://push.example"}, {"url": "https://127.0.0.1:1"}],
)
def test_what_can_not_be_used_is_refused(apns: Apns, config: dict[str, Any]) -> None:
    """An account's owner may name no host of our network: aioapns connects by itself."""
    with pytest.raises(Configuration):
        make(apns_account(apns, **config))


@pytest.mark.parametrize("token", ["", "../3/device", "ab" * 32 + "\r\nx: y", "zz" * 32])
def test_a_token_is_nothing_else(apns: Apns, token: str) -> None:
    account = apns_account(apns)
    (receipt,) = push(account, push_work(account, token))
    assert str(receipt.outcome) == "permanent"
    assert not apns.recorder.asked()
