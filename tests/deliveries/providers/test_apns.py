"""APNs: aioapns's client, pool and protocol, over connections on which no request hurts another."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aioapns
import aioapns.connection
import pytest
from pytest_django import Settings

from deliveries.providers.base import Receipt
from deliveries.providers.errors import Configuration
from hub.loop import run
from hub.providers.accounts import Account
from project.emulators.apns import Apns
from project.emulators.script import (
    EMPTY,
    GO_AWAY,
    HANG,
    REFUSE_STREAM,
    RESET_AFTER,
    RESET_BEFORE,
    RESET_STREAM,
    Act,
    Late,
    Refusal,
    Reply,
    Split,
)
from project.emulators.serving import broken_tls, serving
from tests.deliveries.conftest import HASTY
from tests.deliveries.providers.pushes import DEVICE, apns_account, aps_of, make, push, push_through, push_work
from tests.support.outbound import let_in


@pytest.fixture
def apns(settings: Settings) -> Iterator[Apns]:
    with serving(apns := Apns()):
        let_in(settings, apns.url)
        yield apns


def devices(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


def outcomes(receipts: list[Receipt]) -> Counter[str]:
    return Counter(str(receipt.outcome) for receipt in receipts)


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
        (Refusal(400, "DeviceTokenNotForTopic"), "configuration", "DeviceTokenNotForTopic"),
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


def test_a_hung_request_hurts_no_neighbour(apns: Apns, settings: Settings) -> None:
    """Within its time they have to be answered, on a busy machine too."""
    settings.HUB = settings.HUB | {"provider_timeout": 5}
    account = apns_account(apns)
    one, *others = devices(50)
    apns.script.choose(lambda message: HANG if message.to == one else None)
    receipts = push(account, *(push_work(account, token) for token in (one, *others)))
    assert (str(receipts[0].outcome), receipts[0].code) == ("ambiguous", "TimeoutError")
    assert outcomes(receipts[1:]) == {"sent": 49}


def test_an_answer_after_its_time_hurts_nobody(apns: Apns, settings: Settings) -> None:
    account = apns_account(apns)
    provider = make(account)
    one, other = devices(2)
    push_through(provider, push_work(account, one), keep=True)  # it is connected
    apns.script.then(Late(1.5), Late(1))
    patient = settings.HUB
    settings.HUB = patient | HASTY
    (late,) = push_through(provider, push_work(account, one), keep=True)
    assert str(late.outcome) == "ambiguous"
    settings.HUB = patient
    # until this one is answered the late answer has come, to nobody
    (sent,) = push_through(provider, push_work(account, other))
    assert sent.outcome == "sent"


def test_streams_that_end_hurt_no_neighbour(apns: Apns) -> None:
    account = apns_account(apns)
    acts: dict[str, Act] = dict(
        zip(devices(100), [RESET_STREAM, REFUSE_STREAM, Split(5), Refusal(410)] * 25, strict=True)
    )
    apns.script.choose(lambda message: acts.get(message.to))
    receipts = push(account, *(push_work(account, token) for token in acts))
    assert outcomes(receipts) == {"ambiguous": 25, "transient": 25, "sent": 25, "address_dead": 25}


def test_a_connection_that_goes_away_takes_nothing_along_unseen(apns: Apns) -> None:
    """Whatever was not taken goes again, and nothing that was taken is called unsent."""
    account = apns_account(apns)
    provider = make(account)
    tokens = devices(40)
    push_through(provider, push_work(account, tokens[0]), keep=True)
    apns.script.then(*[None] * 10, GO_AWAY)
    receipts = push_through(provider, *(push_work(account, token) for token in tokens))
    taken = apns.recorder.copies()
    for token, receipt in zip(tokens[1:], receipts[1:], strict=True):
        assert receipt.outcome in ("sent", "ambiguous", "transient")
        assert receipt.outcome != "transient" or not copies(apns, token)
    assert taken


def copies(apns: Apns, token: str) -> int:
    return sum(message.to == token for message in apns.recorder.taken())


def test_large_messages_wait_for_room(apns: Apns) -> None:
    """Together they are ten times what Apple takes at once."""
    account = apns_account(apns)
    receipts = push(account, *(push_work(account, token, {"body": "x" * 10_000}) for token in devices(200)))
    assert outcomes(receipts) == {"sent": 200}


def test_thousands_of_refusals_down_one_connection(
    apns: Apns, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HUB = settings.HUB | {"provider_timeout": 60}
    connections = connected(monkeypatch)
    tokens = devices(2_500)
    apns.devices = dict.fromkeys(tokens, "Unregistered")
    account = apns_account(apns)
    assert outcomes(in_flight(account, tokens, 100)) == {"address_dead": 2_500}
    assert len(connections) == 1


def test_one_token_for_every_connection(apns: Apns) -> None:
    account = apns_account(apns)
    provider = make(account)
    for _ in range(5):
        apns.script.then(None, RESET_AFTER)
        push_through(provider, push_work(account), keep=True)
        push_through(provider, push_work(account), keep=True)
    push_through(provider, push_work(account, data={"environment": "sandbox"}))
    assert len(apns.accepted_tokens) == 1


def test_a_token_lives_between_twenty_minutes_and_an_hour(apns: Apns, monkeypatch: pytest.MonkeyPatch) -> None:
    account = apns_account(apns)
    provider = make(account)
    ahead = moved_clock(monkeypatch)
    for _ in range(40):
        (receipt,) = push_through(provider, push_work(account), keep=True)
        assert (receipt.outcome, receipt.code) == ("sent", "200")
        ahead[0] += 5 * 60
    push_through(provider, push_work(account))
    assert 3 <= len(apns.accepted_tokens) <= 200 // 20


def test_a_token_that_apple_calls_expired_is_made_anew_but_not_too_soon(
    apns: Apns, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = apns_account(apns)
    provider = make(account)
    ahead = moved_clock(monkeypatch)
    apns.script.then(Refusal(403, "ExpiredProviderToken"), None, None, Refusal(403, "ExpiredProviderToken"), None)
    for expected, minutes in (("transient", 0), ("sent", 25), ("sent", 0), ("transient", 0), ("sent", 0)):
        (receipt,) = push_through(provider, push_work(account), keep=True)
        assert str(receipt.outcome) == expected
        ahead[0] += minutes * 60
    push_through(provider)
    assert len(apns.accepted_tokens) == 2


def test_nobody_there(apns: Apns, settings: Settings, free_port: int) -> None:
    url = f"https://127.0.0.1:{free_port}"
    let_in(settings, url)
    account = apns_account(apns, url=url)
    receipts = push(account, *(push_work(account) for _ in range(3)))
    assert {(str(receipt.outcome), receipt.code) for receipt in receipts} == {("transient", "ConnectionRefusedError")}


def test_broken_tls(apns: Apns, settings: Settings) -> None:
    with broken_tls() as (host, port):
        let_in(settings, f"https://{host}:{port}")
        account = apns_account(apns, url=f"https://{host}:{port}")
        (receipt,) = push(account, push_work(account))
    assert (str(receipt.outcome), receipt.code) == ("transient", "SSLError")


def test_a_certificate_that_nobody_vouches_for(apns: Apns) -> None:
    account = apns_account(apns, ca_file="")
    (receipt,) = push(account, push_work(account))
    assert (str(receipt.outcome), receipt.code) == ("transient", "SSLCertVerificationError")


def test_closing_ends_no_request_under_way(apns: Apns) -> None:
    account = apns_account(apns)
    provider = make(account)
    apns.script.always(Late(0.3))

    async def close_while_it_is_asked() -> Receipt:
        sending = asyncio.ensure_future(provider.send([push_work(account)]))
        while not apns.recorder.taken():  # noqa: ASYNC110  told by another thread
            await asyncio.sleep(0.01)
        await provider.close()
        return (await sending)[0]

    assert run(close_while_it_is_asked(), timeout=20).outcome == "sent"


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


def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every connection that is made."""
    made: list[Any] = []
    connect = aioapns.connection.H2Protocol.connection_made
    monkeypatch.setattr(
        aioapns.connection.H2Protocol,
        "connection_made",
        lambda *args: made.append(args[0]) or connect(*args),  # type: ignore[func-returns-value]
    )
    return made


def moved_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Put the one number up to move everybody's clock on, by so many seconds."""
    ahead, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    return ahead


def in_flight(account: Account, tokens: list[str], at_once: int) -> list[Receipt]:
    provider = make(account)
    room = asyncio.Semaphore(at_once)

    async def one(token: str) -> Receipt:
        async with room:
            return (await provider.send([push_work(account, token)]))[0]

    async def all_of_them() -> list[Receipt]:
        receipts = await asyncio.gather(*(one(token) for token in tokens))
        await provider.close()
        return receipts

    return run(all_of_them(), timeout=120)
