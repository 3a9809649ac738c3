"""Every way to misconfigure the hub has its id, and says what to do."""

from typing import Any

import pytest
from celery import Celery
from django.core.checks import run_checks
from django.db import connections

from hub import wake
from hub.checks import database, database_version

TWILIO = {"kind": "twilio", "account_sid": "AC1", "auth_token": "t"}
LAYER = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


def ids() -> list[str | None]:
    return [message.id for message in run_checks() if message.id and not message.id.startswith("security.")]


def test_our_own_project_is_configured_right() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"HUB": {"colour": "red"}}, "hub.E001"),
        ({"HUB": {"providers": {"mail": {"kind": "pigeon"}}}}, "hub.E002"),
        ({"HUB": {"providers": {"mail": {"kind": "django", "colour": "red"}}}}, "hub.E011"),
        ({"HUB": {"providers": {"mail": {"kind": "django", "rate": {"file": "/no/such/file"}}}}}, "hub.E011"),
        ({"REDIS_URL": ""}, "hub.E005"),
        ({"HUB": {"redis_url": "127.0.0.1:6379"}}, "hub.E005"),
        ({"CHANNEL_LAYERS": {}}, "hub.E006"),
        ({"CHANNEL_LAYERS": LAYER}, "hub.W001"),
        ({"HUB": {"tenant": "My App"}}, "hub.E007"),
        ({"HUB": {"user_id": "shoe_size"}}, "hub.E008"),
        ({"HUB": {"fan_out_batch": "500"}}, "hub.E009"),
        ({"HUB": {"fan_out_batch": True}}, "hub.E009"),
        ({"HUB": {"delivery_lease": 1}}, "deliveries.E001"),
        ({"HUB": {"providers": {"mail": {"kind": "anymail", "esp": "sendgrid", "api_key": "k"}}}}, "deliveries.W001"),
        ({"HUB": {"providers": {"texts": {"kind": "vonage", "api_key": "k", "api_secret": "s"}}}}, "deliveries.W001"),
        ({"HUB": {"providers": {"texts": TWILIO | {"api_key": "SK1"}}}}, "deliveries.W001"),
        ({"EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend"}, "deliveries.W001"),
    ],
)
def test_what_is_wrong_has_an_id(settings: Any, changed: dict[str, Any], expected: str) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    assert ids() == [expected]


@pytest.mark.parametrize(
    "account",
    [
        TWILIO,
        TWILIO | {"api_key": "SK1", "callback_secret": "t"},
        {"kind": "anymail", "esp": "postmark", "api_key": "k"},
    ],
)
def test_who_can_be_believed_is_not_warned_of(settings: Any, account: dict[str, str]) -> None:
    settings.HUB = {"providers": {"one": account}}
    assert ids() == []


def test_a_whole_number_of_seconds_will_do(settings: Any) -> None:
    settings.HUB = {"ping_interval": 30, "user_id": "username"}
    assert ids() == []


@pytest.mark.django_db
def test_the_database_has_to_be_a_recent_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connections["default"]
    assert list(database_version(databases=["default"])) == []
    monkeypatch.setitem(connection.__dict__, "pg_version", 150_004)
    assert [message.id for message in database_version(databases=["default"])] == ["hub.E004"]
    assert list(database_version()) == []
    monkeypatch.setattr(connection, "vendor", "sqlite")
    assert [message.id for message in database()] == ["hub.E010"]


def test_no_hint_is_sent_where_nobody_would_take_it(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(wake, "_messenger", lambda _: type("Messenger", (), {"tell": told.append}))
    wake.wake("email", "high")
    assert len(told) == 1
    settings.HUB = {**settings.HUB, "celery": False}
    wake.wake("email", "high")
    settings.HUB = {**settings.HUB, "celery": True}
    monkeypatch.delenv("CELERY_BROKER_URL")
    monkeypatch.setattr(wake, "current_app", Celery("host", set_as_current=False))
    wake.wake("email", "high")
    assert len(told) == 1
