"""APNs: whatever becomes of one request, or of the connection, no other request is hurt."""

import asyncio
from collections import Counter
from typing import Any

import aioapns
import aioapns.connection
import pytest
from pytest_django import Settings

from deliveries.providers.base import Receipt
from hub.loop import run
from hub.providers.accounts import Account
from project.emulators.apns import Apns
from project.emulators.script import GO_AWAY, HANG, REFUSE_STREAM, RESET_STREAM, Act, Late, Refusal, Split
from project.emulators.serving import broken_tls
from tests.deliveries.conftest import HASTY
from tests.deliveries.providers.pushes import apns_account, make, push, push_through, push_work
from tests.support.outbound import let_in


def devices(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


def outcomes(receipts: list[Receipt]) -> Counter[str]:
    return Counter(str(receipt.outcome) for receipt in receipts)


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
