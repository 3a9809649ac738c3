"""Web Push: encrypted for the browser, signed by the account, through the one guarded client."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import pywebpush
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from py_vapid import Vapid02
from pytest_django import Settings

from deliveries.providers.errors import Configuration
from deliveries.providers.vapid import MOST_ORIGINS, Vapid
from project.emulators.keys import pem_of
from project.emulators.script import Refusal, Reply
from project.emulators.serving import serving
from project.emulators.web_push import WebPush
from tests.deliveries.providers.pushes import (
    SUBJECT,
    VAPID,
    account,
    make,
    push,
    push_work,
    subscribed,
    web_push_account,
)
from tests.support.outbound import let_in


@pytest.fixture
def service(settings: Settings) -> Iterator[WebPush]:
    with serving(service := WebPush()):
        let_in(settings, service.url)
        yield service


def public_key() -> str:
    return Vapid(VAPID, SUBJECT).headers("https://push.example/")["Authorization"].rpartition("k=")[2]


def test_it_arrives(service: WebPush) -> None:
    account = web_push_account()
    (receipt,) = push(account, subscribed(account, service.subscribe(vapid_key=public_key()), {"ttl": 60}))
    (message,) = service.recorder.taken()
    assert (receipt.outcome, receipt.code, receipt.message_id) == ("sent", "201", message.id)  # type: ignore[union-attr]
    assert (message.title, message.body) == ("Hello", "A line.")
    assert (message.headers["ttl"], message.headers["urgency"]) == ("60", "high")
    assert message.headers["topic"] == message.asked["tag"]


def test_it_is_pywebpush_and_py_vapid_that_make_it(service: WebPush, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    encode, sign = pywebpush.WebPusher.encode, Vapid02.sign
    monkeypatch.setattr(pywebpush.WebPusher, "encode", lambda *args: made.append("encoded") or encode(*args))  # type: ignore[func-returns-value]
    monkeypatch.setattr(Vapid02, "sign", lambda *args: made.append(args[1]["aud"]) or sign(*args))  # type: ignore[func-returns-value]
    account = web_push_account()
    push(account, *(subscribed(account, service.subscribe()) for _ in range(3)))
    origin = service.url.removesuffix("/web_push")
    assert sorted(made) == sorted(["https://push.example", origin, "encoded", "encoded", "encoded"])


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (Refusal(404), "address_dead"),
        (Refusal(410), "address_dead"),
        (Refusal(413), "permanent"),
        (Refusal(429, retry_after=7), "throttled"),
        (Refusal(401), "configuration"),
        (Refusal(403), "configuration"),
        (Refusal(500), "ambiguous"),
        # the subscription leads elsewhere: not followed, and the account is not to blame
        (Reply(302, b"", {"location": "http://127.0.0.1/"}), "permanent"),
    ],
)
def test_what_a_service_says(service: WebPush, act: Any, outcome: str) -> None:
    service.script.then(act)
    account = web_push_account()
    (receipt,) = push(account, subscribed(account, service.subscribe()))
    assert str(receipt.outcome) == outcome
    assert receipt.retry_after == (7 if outcome == "throttled" else None)
    assert len(service.recorder.asked()) == 1


@pytest.mark.parametrize(
    "endpoint", ["https://127.0.0.1/x", "http://push.example/x", "https://[::1]/x", "nonsense", ""]
)
def test_no_way_into_our_own_network(endpoint: str, service: WebPush) -> None:
    account = web_push_account()
    (receipt,) = push(account, subscribed(account, service.subscribe() | {"endpoint": endpoint}))
    assert str(receipt.outcome) == "permanent"


@pytest.mark.parametrize("keys", [{}, {"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "BP" + "A" * 85, "auth": "ü"}])
def test_keys_that_encrypt_nothing(keys: dict[str, str], service: WebPush) -> None:
    account = web_push_account()
    (receipt,) = push(account, subscribed(account, service.subscribe() | {"keys": keys}))
    assert str(receipt.outcome) == "permanent"
    assert not service.recorder.asked()


def test_the_largest_push_is_taken(service: WebPush) -> None:
    account = web_push_account()
    (receipt,) = push(account, subscribed(account, service.subscribe(), {"body": "ß" * 10_000}))
    assert receipt.outcome == "sent"
    assert service.recorder.taken()[0].body.endswith("ß…")


def test_a_signature_serves_its_origin_for_hours_and_no_other() -> None:
    vapid = Vapid(VAPID, SUBJECT)
    first, again = vapid.headers("https://a.example/1"), vapid.headers("https://a.example:443/2")
    assert first is again
    claims = jwt.decode(first["Authorization"].split("t=")[1].split(",")[0], options={"verify_signature": False})
    assert (claims["aud"], claims["sub"]) == ("https://a.example", SUBJECT)
    assert vapid.headers("https://b.example/1") != first


def test_strangers_cannot_fill_the_memory() -> None:
    vapid = Vapid(VAPID, SUBJECT)
    for number in range(MOST_ORIGINS + 10):
        vapid.headers(f"https://{number}.example/")
    assert len(vapid._signed) <= MOST_ORIGINS


@pytest.mark.parametrize(
    "config",
    [
        {"private_key": "", "subject": SUBJECT},
        {"private_key": "x", "subject": SUBJECT},
        {"private_key": "-----BEGIN PRIVATE KEY-----", "subject": SUBJECT},
        {"private_key": VAPID, "subject": "somebody"},
        {"private_key": VAPID},
        {"private_key": VAPID, "subject": SUBJECT, "public_key": "B" * 87},
    ],
)
def test_keys_that_sign_nothing_are_refused(config: dict[str, str]) -> None:
    with pytest.raises(Configuration):
        make(account("web_push", config))


def test_another_account_s_key_is_not_the_subscription_s(service: WebPush) -> None:
    subscription = service.subscribe(vapid_key=public_key())
    other = account("web_push", {"private_key": pem_of(generate_private_key(SECP256R1())), "subject": SUBJECT})
    (receipt,) = push(other, subscribed(other, subscription))
    assert str(receipt.outcome) == "configuration"


def test_a_token_without_a_subscription() -> None:
    account = web_push_account()
    (receipt,) = push(account, push_work(account, "https://push.example/x"))
    assert str(receipt.outcome) == "permanent"
