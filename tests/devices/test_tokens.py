"""What a platform gives is checked before it is kept: its shape, its size, and where it leads."""

from typing import Any

import pytest

from hub.devices.tokens import checked_address
from hub.exceptions import InvalidRequest
from tests.support.devices import fcm_token, subscription


def test_each_platform_has_its_own_address() -> None:
    token = fcm_token()
    assert checked_address("fcm", token, None).token == token
    assert checked_address("apns", "AB" * 32, None).token == "ab" * 32
    browser = subscription()
    address = checked_address("web_push", None, browser)
    assert address.token == browser["endpoint"]
    assert browser["keys"]["p256dh"] in address.keys


def test_the_same_token_has_the_same_digest_however_it_is_spelt() -> None:
    token = "AB" * 32
    assert checked_address("apns", token, None).digest == checked_address("apns", token.lower(), None).digest
    assert checked_address("fcm", token, None).digest != checked_address("apns", token, None).digest


@pytest.mark.parametrize(
    "token", ["", "short", "x" * 4097, "with a space " * 3, "a\r\nX: y" * 5, "\0" * 30, 7, None, {}]
)
def test_no_token_of_fcm(token: Any) -> None:
    refused("token", "fcm", token)


@pytest.mark.parametrize("token", ["", "ab" * 31, "a" * 65, "g" * 64, "ab" * 257, "ab" * 31 + "\n\n", 7, None, []])
def test_no_token_of_apns(token: Any) -> None:
    refused("token", "apns", token)


@pytest.mark.parametrize(
    "endpoint",
    [
        *(
            "http://push.example.net/x",
            "https://127.0.0.1/x",
            "https://10.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
        ),
        *("https://user:secret@push.example.net/", "file:///etc/passwd", "", "x" * 2001, "https://a b/", 7, None),
    ],
)
def test_an_endpoint_leads_to_the_internet(endpoint: Any) -> None:
    refused("subscription.endpoint", "web_push", None, subscription() | {"endpoint": endpoint})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("p256dh", bad) for bad in ("", "AAAA", "A" * 87, "ä" * 87, "!" * 87, "x" * 300, 7, None)),
        *(("auth", bad) for bad in ("", "AAAA", "A" * 44, "a\nb", 7, None)),
    ],
)
def test_keys_are_keys(name: str, value: Any) -> None:
    browser = subscription()
    browser["keys"][name] = value
    refused(f"subscription.keys.{name}", "web_push", None, browser)


@pytest.mark.parametrize(
    ("field", "value"),
    [("subscription", "x"), ("subscription", {}), ("subscription.x", {"x": 1}), ("subscription.keys", {"keys": 1})],
)
def test_a_subscription_is_whole(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        checked_address("web_push", None, value)
    assert refusal.value.errors[0].field.startswith(field.split(".")[0])


def test_unknown_keys_are_named() -> None:
    browser = subscription()
    browser["keys"]["more"] = "x"
    refused("subscription.keys.more", "web_push", None, browser)


def test_the_other_platforms_address_is_refused() -> None:
    refused("subscription", "fcm", fcm_token(), subscription())
    refused("token", "web_push", fcm_token(), subscription())


def refused(field: str, platform: str, token: Any, browser: Any = None) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        checked_address(platform, token, browser)
    assert refusal.value.errors[0].field == field
