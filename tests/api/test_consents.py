"""Consent over REST: recorded with where and when it was given, page by page, and exported."""

from typing import Any

import pytest

from hub.audience.models import Subscriber
from tests.api.client import Api, fields_of, problem_of, rolled_back

pytestmark = rolled_back
YES = {"channel": "sms", "granted": True, "source": "checkout form"}


@pytest.fixture(autouse=True)
def _phone(alice: Subscriber) -> None:
    Subscriber.objects.filter(pk=alice.pk).update(phone="+4930123456")


def test_recorded_taken_back_listed_and_exported(server: Api) -> None:
    said = server.post("/subscribers/alice/consents", YES | {"given_at": "2026-01-31T10:00:00+01:00"})
    assert (said.status_code, said.json()["given_at"]) == (201, "2026-01-31T09:00:00.000Z")
    server.post("/subscribers/alice/consents", YES | {"granted": False, "source": "support call"})
    listed = server.get("/subscribers/alice/consents").json()["items"]
    assert [(one["granted"], one["source"]) for one in listed] == [(False, "support call"), (True, "checkout form")]
    exported = server.get("/subscribers/alice/export").json()["consents"]
    assert [one["source"] for one in exported] == ["checkout form", "support call"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": None}, "channel"),
        ({"channel": "email"}, "channel"),
        ({"granted": None}, "granted"),
        ({"granted": "yes"}, "granted"),
        ({"source": ""}, "source"),
        ({"source": "x" * 201}, "source"),
        ({"source": "a\nb"}, "source"),
        ({"given_at": "yesterday"}, "given_at"),
        ({"given_at": "2999-01-01T00:00:00Z"}, "given_at"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(server: Api, change: dict[str, Any], field: str) -> None:
    answer = server.post("/subscribers/alice/consents", YES | change)
    assert fields_of(problem_of(answer, 422, "invalid_request")) == {field}


def test_a_stranger_sees_and_says_nothing(server: Api, stranger: Api) -> None:
    server.post("/subscribers/alice/consents", YES)
    problem_of(stranger.get("/subscribers/alice/consents"), 404, "not_found")
    problem_of(stranger.post("/subscribers/alice/consents", YES), 404, "not_found")


HOURS = {"categories": ["marketing"], "from": "08:00", "to": "21:00"}


def test_a_tenant_says_what_it_asks_for(server: Api) -> None:
    assert server.get("/tenants/acme").json()["sms_hours"] is None
    rule = HOURS | {"countries": {"FR": {"from": "10:00", "to": "20:00", "days": [1, 2]}}}
    changed = server.patch("/tenants/acme", {"consent_required": True, "sms_hours": rule}).json()
    assert (changed["consent_required"], changed["sms_hours"]) == (True, rule)
    kept = server.patch("/tenants/acme", {"name": "Acme"}).json()
    assert (kept["consent_required"], kept["sms_hours"]) == (True, rule)
    undone = server.patch("/tenants/acme", {"consent_required": False, "sms_hours": None}).json()
    assert (undone["consent_required"], undone["sms_hours"]) == (False, None)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("always", "sms_hours"),
        ([], "sms_hours"),
        ({"from": "08:00", "to": "21:00"}, "sms_hours.categories"),
        (HOURS | {"categories": []}, "sms_hours.categories"),
        (HOURS | {"categories": ["a b"]}, "sms_hours.categories.0"),
        (HOURS | {"from": "8:00"}, "sms_hours.from"),
        (HOURS | {"to": "24:00"}, "sms_hours.to"),
        (HOURS | {"to": "08:00"}, "sms_hours.to"),
        (HOURS | {"days": []}, "sms_hours.days"),
        (HOURS | {"days": [0]}, "sms_hours.days"),
        (HOURS | {"days": [True]}, "sms_hours.days"),
        (HOURS | {"colour": 1}, "sms_hours.colour"),
        (HOURS | {"countries": ["FR"]}, "sms_hours.countries"),
        (HOURS | {"countries": {"fr": HOURS}}, "sms_hours.countries"),
        (HOURS | {"countries": {"FR": HOURS}}, "sms_hours.countries.FR.categories"),
        (HOURS | {"countries": {"FR": {"from": "10:00"}}}, "sms_hours.countries.FR.to"),
    ],
)
def test_a_rule_is_checked(server: Api, rule: Any, field: str) -> None:
    answer = server.patch("/tenants/acme", {"sms_hours": rule})
    assert fields_of(problem_of(answer, 422, "invalid_request")) == {field}
    assert server.get("/tenants/acme").json()["sms_hours"] is None
