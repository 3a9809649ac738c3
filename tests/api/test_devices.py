"""Where a subscriber is pushed to, as their own client says, or their tenant's server."""

import logging
from typing import Any

import pytest

from hub.audience.models import Subscriber
from hub.devices.models import Device
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back
from tests.support.devices import fcm_token, make_device, subscription

pytestmark = rolled_back


def test_registered_listed_removed(as_alice: Api, alice: Subscriber) -> None:
    token = fcm_token()
    made = as_alice.put("/devices/phone", {"platform": "fcm", "token": token, "app": "com.example", "name": "Pixel"})
    shown = made.json()
    assert (shown["id"], shown["active"], shown["name"]) == ("phone", True, "Pixel")
    assert as_alice.get("/devices/phone").json() == shown
    assert as_alice.get("/devices").json()["items"] == [shown]
    assert as_alice.delete("/devices/phone").status_code == 204
    gone = as_alice.get("/devices/phone").json()
    assert (gone["active"], gone["reason"]) == (False, "removed")
    assert [entry["what"] for entry in gone["history"]] == ["registered", "deactivated"]
    assert Device.objects.get().token == token


def test_a_browser_registers_what_its_subscription_says(as_alice: Api) -> None:
    shown = as_alice.put("/devices/tab", {"platform": "web_push", "subscription": subscription()}).json()
    assert (shown["platform"], shown["app"], shown["environment"]) == ("web_push", "", "production")


def test_a_server_does_the_same(server: Api, as_alice: Api, alice: Subscriber) -> None:
    made = server.put("/subscribers/alice/devices/phone", {"platform": "fcm", "token": fcm_token()}).json()
    assert (made["id"], made["subscriber"]) == ("phone", "alice")
    assert [one["id"] for one in as_alice.get("/devices").json()["items"]] == ["phone"]
    assert server.get("/subscribers/alice/devices/phone").json()["active"] is True
    assert server.delete("/subscribers/alice/devices/phone").status_code == 204
    assert [one["active"] for one in server.get("/subscribers/alice/devices").json()["items"]] == [False]
    problem_of(server.put("/subscribers/nobody/devices/x", {"platform": "fcm", "token": fcm_token()}), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "platform"),
        ({"platform": "pager"}, "platform"),
        ({"platform": 7}, "platform"),
        ({"platform": "fcm"}, "token"),
        ({"platform": "fcm", "token": "short"}, "token"),
        ({"platform": "fcm", "token": 7}, "token"),
        ({"platform": "web_push"}, "subscription"),
        (
            {"platform": "web_push", "subscription": subscription("https://localhost@push.example/")},
            "subscription.endpoint",
        ),
        ({"platform": "fcm", "token": "x" * 30, "environment": "sandbox"}, "environment"),
        ({"platform": "fcm", "token": "x" * 30, "environment": "x"}, "environment"),
        ({"platform": "fcm", "token": "x" * 30, "locale": "no locale"}, "locale"),
        ({"platform": "fcm", "token": "x" * 30, "name": "x" * 201}, "name"),
        ({"platform": "fcm", "token": "x" * 30, "app": "a\r\nb"}, "app"),
        ({"platform": "fcm", "token": "x" * 30, "colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(as_alice: Api, body: dict[str, Any], field: str) -> None:
    assert field in fields_of(problem_of(as_alice.put("/devices/phone", body), 422, "invalid_request"))
    assert not Device.objects.exists()


def test_an_id_is_at_most_so_long(as_alice: Api) -> None:
    answer = as_alice.put(f"/devices/{'x' * 129}", {"platform": "fcm", "token": fcm_token()})
    assert fields_of(problem_of(answer, 422, "invalid_request")) == {"device"}


def test_each_has_their_own(as_alice: Api, as_bob: Api, stranger: Api, alice: Subscriber) -> None:
    make_device(alice, "phone")
    assert as_bob.get("/devices").json()["items"] == []
    problem_of(as_bob.get("/devices/phone"), 404, "not_found")
    problem_of(as_bob.delete("/devices/phone"), 404, "not_found")
    problem_of(stranger.get("/subscribers/alice/devices"), 404, "not_found")
    problem_of(stranger.get("/subscribers/alice/devices/phone"), 404, "not_found")
    assert Device.objects.get().deactivated_at is None


def test_a_token_is_in_no_answer_and_no_log(
    as_alice: Api, server: Api, alice: Subscriber, caplog: pytest.LogCaptureFixture
) -> None:
    browser = subscription("https://push.example.net/send/@" + "s" * 40)
    secrets = [fcm_token(), browser["endpoint"], browser["keys"]["auth"], browser["keys"]["p256dh"], "s" * 8]
    with caplog.at_level(logging.DEBUG):
        answers = [
            as_alice.put("/devices/phone", {"platform": "fcm", "token": secrets[0]}, Idempotency_Key="once"),
            as_alice.put("/devices/tab", {"platform": "web_push", "subscription": browser}),
            as_alice.get("/devices"),
            server.get("/subscribers/alice/devices/tab"),
        ]
    told = "".join(answer.content.decode() for answer in answers) + caplog.text
    assert not [secret for secret in secrets if secret in told]


def test_pages(as_alice: Api, alice: Subscriber) -> None:
    made = [make_device(alice).external_id for _ in range(5)]
    first = as_alice.get("/devices?limit=3").json()
    rest = as_alice.get(f"/devices?limit=3&cursor={first['next']}").json()
    assert [one["id"] for one in [*first["items"], *rest["items"]]] == made[::-1]


def test_they_are_exported(server: Api, alice: Subscriber) -> None:
    device = make_device(alice, "phone")
    (exported,) = server.get("/subscribers/alice/export").json()["devices"]
    assert (exported["external_id"], exported["token"]) == ("phone", device.token)


@commits
def test_an_answer_about_them_is_erased_with_them(server: Api, alice: Subscriber) -> None:
    body = {"platform": "fcm", "token": fcm_token()}
    server.put("/subscribers/alice/devices/marker-device", body, Idempotency_Key="device")
    server.delete("/subscribers/alice")
    again = server.put("/subscribers/alice/devices/marker-device", body, Idempotency_Key="device")
    problem_of(again, 404, "not_found")
