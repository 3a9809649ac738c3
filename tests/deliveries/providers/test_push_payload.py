"""What a push says on each platform: everything that was asked for, within the platform's size, never silently less."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.providers.errors import Permanent
from deliveries.providers.push_payload import (
    APNS_LIMIT,
    FCM_LIMIT,
    MOST_WITHDRAWN,
    WEB_PUSH_LIMIT,
    Payload,
    Push,
    apns,
    apns_withdrawal,
    fcm,
    fcm_withdrawal,
    fitted,
    push_of,
    size_of,
    web_push,
)
from hub.content.push import LONGEST_TTL
from hub.fallback.work import Work
from hub.ids import uuid7
from tests.support.works import make_withdrawal, make_work

SPELLED = [(fcm, FCM_LIMIT), (apns, APNS_LIMIT), (web_push, WEB_PUSH_LIMIT)]
platforms = pytest.mark.parametrize(("spell", "limit"), SPELLED, ids=lambda value: getattr(value, "__name__", ""))

FULL = {
    "title": "Order 17",
    "body": "It is on its way",
    "action_url": "https://shop.example/17",
    "actions": [{"key": "track", "label": "Track it", "url": "https://shop.example/17/track"}],
    "data": {"order": 17},
    "sound": "bell.caf",
    "image": "https://shop.example/17.png",
}


def work(content: dict[str, Any] | None = None, platform: str = "", **fields: Any) -> Work:
    return make_work(content, data={"platform": platform, "external_id": "phone"}, **({"unread": 3} | fields))


def made(content: dict[str, Any] | None = None, platform: str = "", **fields: Any) -> Push:
    return push_of(work(content, platform, **fields))


def test_fcm_has_it_all() -> None:
    pushed = fcm(made(FULL, group_key="order-17"))
    assert pushed["notification"] == {"title": "Order 17", "body": "It is on its way", "image": FULL["image"]}
    assert pushed["android"]["notification"] == {
        "sound": "bell.caf",
        "tag": "order-17",
        "notification_count": 3,
        "image": FULL["image"],
    }
    assert (pushed["android"]["priority"], pushed["android"]["ttl"]) == ("HIGH", f"{LONGEST_TTL}s")
    assert pushed["android"]["collapse_key"] == "order-17"
    assert pushed["data"]["url"] == FULL["action_url"]
    assert pushed["data"]["data"] == '{"order": 17}'
    assert all(isinstance(value, str) for value in pushed["data"].values())
    assert pushed["apns"]["payload"]["aps"]["badge"] == 3
    assert pushed["webpush"]["notification"]["actions"] == [{"action": "track", "title": "Track it"}]


def test_apns_has_it_all() -> None:
    pushed = apns(made(FULL, group_key="order-17", event="order.shipped"))
    assert pushed["aps"] == {
        "alert": {"title": "Order 17", "body": "It is on its way"},
        "category": "order.shipped",
        "badge": 3,
        "sound": "bell.caf",
        "thread-id": "order-17",
        "mutable-content": 1,
    }
    assert (pushed["url"], pushed["image"], pushed["data"]) == (FULL["action_url"], FULL["image"], {"order": 17})
    assert pushed["actions"] == [{"action": "track", "title": "Track it", "url": "https://shop.example/17/track"}]


def test_web_push_has_it_all() -> None:
    pushed = web_push(made(FULL, group_key="order-17"))
    assert (pushed["title"], pushed["body"], pushed["badge"], pushed["tag"]) == (
        "Order 17",
        "It is on its way",
        3,
        "order-17",
    )
    assert (pushed["url"], pushed["image"], pushed["data"]) == (FULL["action_url"], FULL["image"], {"order": 17})
    assert pushed["actions"][0]["title"] == "Track it"
    assert pushed["silent"] is False


@platforms
def test_the_badge_goes_when_everything_is_read(spell: Callable[[Push], Payload], limit: int) -> None:
    assert '"badge": 0' in repr(spell(made(unread=0))).replace("'", '"')


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, {"title": "Hello", "sound": "default", "urgent": True}),
        ({"sound": ""}, {"sound": ""}),
        ({"priority": "low"}, {"urgent": False}),
        ({"fcm": {"title": "Droid"}, "apns": {"title": "Fruit"}}, {"title": "Droid"}),
        ({"fcm": {"title": "Droid"}, "devices": {"phone": {"title": "Mine"}}}, {"title": "Mine"}),
        ({"devices": {"other": {"title": "Not mine"}}}, {"title": "Hello"}),
        ({"collapse_id": "order-17"}, {"collapse_id": "order-17"}),
    ],
)
def test_what_is_nearer_to_the_device_wins(content: dict[str, Any], expected: dict[str, Any]) -> None:
    push = made(content, "fcm")
    assert {name: getattr(push, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("expires_in", "asked", "ttl"),
    [(None, {}, LONGEST_TTL), (60.9, {}, 60), (-5, {}, 0), (60, {"ttl": 10}, 10), (60, {"ttl": 90}, 60)],
)
def test_it_lives_no_longer_than_the_notification(expires_in: float | None, asked: dict[str, int], ttl: int) -> None:
    assert made(asked, expires_in=expires_in).ttl == ttl


def test_a_collapse_id_fits_every_header() -> None:
    for key in ("order-17", "x" * 200, "a\r\nb: c", "ключ"):
        assert len(made(group_key=key).collapse_id) <= 32
        assert made(group_key=key).collapse_id.replace("-", "").replace("_", "").isalnum()
    assert made().collapse_id != made().collapse_id


@platforms
def test_a_long_body_is_shortened(spell: Callable[[Push], Payload], limit: int) -> None:
    push = made({"body": 'ü"' * 5_000})
    found = fitted(push, spell, limit)
    assert limit - 10 <= size_of(found) <= limit
    assert "…" in str(found)


@platforms
def test_what_cannot_be_shortened_is_said(spell: Callable[[Push], Payload], limit: int) -> None:
    actions = [{"key": str(n), "label": "x", "url": "https://shop.example/" + "x" * 1_500} for n in range(5)]
    with pytest.raises(Permanent) as refused:
        fitted(made({"actions": actions}), spell, limit)
    assert refused.value.code == "payload_too_large"


def test_much_data_is_left_for_the_app_to_ask_for() -> None:
    assert web_push(made({"data": {"x": "y" * 2_000}}))["data_left_out"] is True
    assert "data_left_out" not in web_push(made({"data": {"x": "y" * 900}}))


@given(st.text(max_size=200), st.text(max_size=10_000), st.sampled_from(SPELLED))
def test_whatever_it_says_it_fits(title: str, body: str, platform: tuple[Callable[[Push], Payload], int]) -> None:
    spell, limit = platform
    push = made({"title": title, "body": body})
    found = fitted(push, spell, limit)
    assert size_of(found) <= limit
    if size_of(spell(push)) <= limit:
        assert found == spell(push)


def test_what_is_taken_back_is_told_to_the_app_alone() -> None:
    one, other = uuid7(), uuid7()
    withdrawal = make_withdrawal((one, "order-17"), (other, ""), unread=3)
    assert apns_withdrawal(withdrawal) == {
        "aps": {"content-available": 1},
        "type": "withdraw",
        "item_ids": [str(one), str(other)],
        "unread": 3,
    }
    message = fcm_withdrawal(withdrawal)
    assert message["data"] == {
        "type": "withdraw",
        "item_ids": f'["{one}", "{other}"]',
        "tags": '["order-17"]',
        "unread": "3",
    }
    assert "notification" not in message
    assert message["android"] == {"priority": "NORMAL", "ttl": f"{LONGEST_TTL}s"}
    assert message["apns"]["headers"] == {"apns-push-type": "background", "apns-priority": "5"}
    assert message["apns"]["payload"] == {"aps": {"content-available": 1}}


def test_a_tag_is_the_one_that_was_pushed_with() -> None:
    """Whatever the collapse id is, and each once."""
    pushed = fcm(made(group_key="an order, 17"))["android"]["notification"]["tag"]
    withdrawal = make_withdrawal((uuid7(), "an order, 17"), (uuid7(), "an order, 17"))
    assert fcm_withdrawal(withdrawal)["data"]["tags"] == f'["{pushed}"]'


@pytest.mark.parametrize(("count", "more"), [(MOST_WITHDRAWN, None), (MOST_WITHDRAWN + 1, True), (500, True)])
def test_of_many_the_latest_are_named_and_there_is_room(count: int, more: bool | None) -> None:
    pushed = [(uuid7(), uuid7().hex) for _ in range(count)]
    withdrawal = make_withdrawal(*pushed, unread=2**62)
    found, message = apns_withdrawal(withdrawal), fcm_withdrawal(withdrawal)
    assert found["item_ids"] == [str(item_id) for item_id, _ in pushed[:MOST_WITHDRAWN]]
    assert found.get("more") == more
    assert message["data"].get("more") == (more and "true")
    assert size_of(found) <= APNS_LIMIT
    assert size_of(message) <= FCM_LIMIT
