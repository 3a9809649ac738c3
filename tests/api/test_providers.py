"""A tenant's accounts with providers: made, ordered, tried out; what they know is never shown again."""

from typing import Any

import pytest
from django.core.mail import EmailMessage

from hub.audience.models import Subscriber
from hub.providers import kinds as registry
from hub.providers.kinds import kind_class, kinds
from hub.providers.models import Provider
from hub.providers.settings import Setting
from tests.api.client import Api, fields_of, problem_of, rolled_back
from tests.support.fake_provider import KINDS, FakeSms

pytestmark = rolled_back

ASKS = (
    Setting("account", "Its name."),
    Setting("token", "Its secret.", secret=True),
    Setting("base_url", "Elsewhere.", type="url", required=False),
    Setting("region", "Where.", required=False, choices=("eu", "us")),
    Setting("senders", "By country.", type="object", required=False),
    Setting("quiet", "Or not.", type="flag", required=False),
)
TEXTS = {"key": "texts", "kind": "fake_sms", "config": {"account": "acme", "token": "s3cret"}}


@pytest.fixture(autouse=True)
def _kinds(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HUB = settings.HUB | {"provider_kinds": KINDS}
    monkeypatch.setattr(FakeSms, "settings", ASKS)


def test_made_changed_removed(server: Api) -> None:
    made = server.post("/providers", TEXTS | {"position": 2})
    assert made.status_code == 201
    shown = made.json()
    assert (shown["channel"], shown["position"], shown["active"]) == ("sms", 2, True)
    assert shown["config"] == {"account": "acme", "token": {"set": True}}
    problem_of(server.post("/providers", TEXTS), 409, "conflict")
    assert server.get("/providers/texts").json() == shown
    assert server.get("/providers?channel=email").json()["items"] == []
    assert server.get("/providers?channel=sms").json()["items"] == [shown]
    changed = server.patch("/providers/texts", {"active": False, "config": {"account": "other", "rate": 5}}).json()
    assert (changed["active"], changed["position"]) == (False, 2)
    assert changed["config"] == {"account": "other", "token": {"set": True}, "rate": 5}
    row = Provider.objects.get()
    assert (row.config["token"], row.version) == ("s3cret", 2)
    assert server.delete("/providers/texts").status_code == 204
    for gone in (server.get, server.patch, server.delete):
        problem_of(gone("/providers/texts"), 404, "not_found")


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        ({}, {"config.account", "config.token"}),
        ({"account": "", "token": "t"}, {"config.account"}),
        ({"account": "a", "token": "t", "colour": "red"}, {"config.colour"}),
        ({"account": "a\r\nb", "token": "t"}, {"config.account"}),
        ({"account": "a", "token": {"set": True}}, {"config.token"}),
        ({"account": "a", "token": "t", "base_url": "http://10.0.0.1/"}, {"config.base_url"}),
        ({"account": "a", "token": "t", "base_url": "https://169.254.169.254/"}, {"config.base_url"}),
        ({"account": "a", "token": "t", "region": "mars"}, {"config.region"}),
        ({"account": "a", "token": "t", "senders": {"DE": 1}}, {"config.senders"}),
        ({"account": "a", "token": "t", "quiet": 1}, {"config.quiet"}),
        ({"account": "a", "token": "t", "rate": 0}, {"config.rate"}),
        ([], {"config"}),
    ],
)
def test_what_an_account_must_know_is_checked(server: Api, config: Any, fields: set[str]) -> None:
    problem = problem_of(server.post("/providers", TEXTS | {"config": config}), 422, "invalid_request")
    assert set(fields_of(problem)) == fields
    assert not Provider.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"kind": "pigeon"}, "kind"), ({"position": -1}, "position"), ({"key": "a b"}, "key"), ({"active": 1}, "active")],
)
def test_the_rest_is_checked_too(server: Api, change: dict[str, Any], field: str) -> None:
    problem = problem_of(server.post("/providers", TEXTS | change), 422, "invalid_request")
    assert field in fields_of(problem)


def test_every_kind_says_what_it_asks_for(server: Api) -> None:
    kinds = {kind["kind"]: kind for kind in server.get("/provider-kinds").json()["items"]}
    assert kinds["fake_sms"]["channel"] == "sms"
    assert [one["name"] for one in kinds["fake_sms"]["settings"]] == [*(one.name for one in ASKS), "rate"]


def test_every_kind_says_what_it_can_do(server: Api) -> None:
    can = {kind["kind"]: kind["capabilities"] for kind in server.get("/provider-kinds").json()["items"]}
    assert can["twilio"] == {
        "batch_size": 1,
        "concurrency": 200,
        "rate": None,
        "idempotency": None,
        "limits": {"segments": 10},
    }
    assert (can["anymail"]["batch_size"], can["apns"]["limits"]) == (1000, {"bytes": 4096})
    assert all(can[kind]["limits"] for kind in registry.KINDS)


def test_a_secret_is_in_no_answer(server: Api) -> None:
    server.post("/providers", TEXTS)
    answers = [server.get(path).content for path in ("/providers", "/providers/texts", "/provider-kinds")]
    assert not any(b"s3cret" in answer for answer in answers)


def test_a_test_message_is_sent_at_once_through_this_account(
    server: Api, alice: Subscriber, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    server.post("/providers", {"key": "mail", "kind": "django"})
    answer = server.post("/providers/mail/test", {"to": "me@example.com"})
    assert answer.json() == {"outcome": "sent", "code": "", "answer": "", "message_id": ""}
    server.post("/providers/mail/test", {"subscriber": "alice"})
    assert [message.to for message in mailoutbox] == [["me@example.com"], ["alice@example.com"]]
    for body, field in [({}, "to"), ({"to": "a@example.com", "subscriber": "alice"}, "to")]:
        problem = problem_of(server.post("/providers/mail/test", body), 422, "invalid_request")
        assert set(fields_of(problem)) == {field}
    problem_of(server.post("/providers/mail/test", {"subscriber": "nobody"}), 404, "not_found")


def test_what_the_provider_answers_is_told(server: Api, settings: Any) -> None:
    settings.EMAIL_BACKEND = "no.such.Backend"
    server.post("/providers", {"key": "mail", "kind": "django"})
    assert server.post("/providers/mail/test", {"to": "me@example.com"}).json()["outcome"] == "configuration"


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("smtp", {"host": "mail.example.com", "security": "none", "password": "in the clear"}),
        ("chat_webhook", {"secret": "whsec_="}),
    ],
)
def test_an_account_that_can_not_be_used_is_told_too(server: Api, kind: str, config: dict[str, str]) -> None:
    server.post("/providers", {"key": "mine", "kind": kind, "config": config})
    answer = server.post("/providers/mine/test", {"to": "me@example.com"})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "configuration")


def test_every_kind_can_be_had() -> None:
    for kind in kinds():
        found = kind_class(kind)
        assert found.channel in ("push", "email", "sms", "chat")
        assert len({setting.name for setting in found.settings}) == len(found.settings)


def test_an_account_whose_kind_is_gone_is_shown_without_its_settings(server: Api, settings: Any) -> None:
    server.post("/providers", TEXTS)
    settings.HUB = settings.HUB | {"provider_kinds": {}}
    shown = server.get("/providers").json()["items"][0]
    assert (shown["kind"], shown["config"]) == ("fake_sms", {"account": {"set": True}, "token": {"set": True}})
    problem = problem_of(server.post("/providers/texts/test", {"to": "+4915112345678"}), 422, "invalid_request")
    assert fields_of(problem) == {"kind"}
    assert server.delete("/providers/texts").status_code == 204
