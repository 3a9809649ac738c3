"""The push service's emulator as pywebpush sees it: it encrypts and signs, the emulator decrypts and checks."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from py_vapid import Vapid
from pywebpush import WebPushException, webpush

from project.emulators.script import Refusal
from project.emulators.serving import serving
from project.emulators.web_push import WebPush, base64url
from tests.emulators.http import post


@pytest.fixture
def service() -> Iterator[WebPush]:
    with serving(service := WebPush()):
        yield service


@pytest.fixture(scope="module")
def vapid() -> Vapid:
    vapid = Vapid()
    vapid.generate_keys()
    return vapid


def push(subscription: dict[str, Any], vapid: Vapid, data: str = "Hi", **claims: Any) -> int:
    whole = {"sub": "mailto:hub@example.com", **claims}
    return int(webpush(subscription, data, vapid_private_key=vapid, vapid_claims=whole, ttl=60, timeout=20).status_code)


def test_pywebpush_sends_and_the_browser_would_read_it(service: WebPush, vapid: Vapid) -> None:
    subscription = service.subscribe("laptop")
    assert push(subscription, vapid, json.dumps({"title": "Hello", "body": "It works", "badge": 2})) == 201
    (message,) = service.recorder.taken("web_push", "laptop")
    assert (message.title, message.body, message.badge, message.headers["ttl"]) == ("Hello", "It works", 2, "60")


def test_what_is_encrypted_for_another_is_refused(service: WebPush, vapid: Vapid) -> None:
    mixed = {**service.subscribe("laptop"), "keys": service.subscribe("phone")["keys"]}
    with pytest.raises(WebPushException) as refused:
        push(mixed, vapid)
    assert (refused.value.response.status_code, refused.value.response.json()["errno"]) == (400, 110)


@pytest.mark.parametrize("claims", [{"aud": "https://push.example.com"}, {"exp": int(time.time()) + 25 * 3600}])
def test_a_sender_token_is_for_this_service_and_short_lived(
    service: WebPush, vapid: Vapid, claims: dict[str, Any]
) -> None:
    with pytest.raises(WebPushException) as refused:
        push(service.subscribe(), vapid, **claims)
    assert refused.value.response.status_code == 401


def test_another_senders_subscription_is_forbidden(service: WebPush, vapid: Vapid) -> None:
    with pytest.raises(WebPushException) as refused:
        push(service.subscribe(vapid_key=base64url(b"\x04" + b"1" * 64)), vapid)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("status", [404, 410, 413, 429])
def test_errors(service: WebPush, vapid: Vapid, status: int) -> None:
    service.gone.add("gone")
    service.unknown.add("unknown")
    if status == 429:
        service.script.then(Refusal(429, retry_after=9))
    token = {404: "unknown", 410: "gone"}.get(status, "laptop")
    with pytest.raises(WebPushException) as refused:
        push(service.subscribe(token), vapid, "x" * (5000 if status == 413 else 5))
    assert refused.value.response.json()["code"] == refused.value.response.status_code == status
    assert refused.value.retry_after == ("9" if status == 429 else None)


def test_a_message_needs_its_time_to_live(service: WebPush) -> None:
    answer = post(service.subscribe()["endpoint"], content={})
    assert (answer.status, answer.json["errno"]) == (400, 111)
