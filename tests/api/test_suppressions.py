"""The suppression list over REST: nobody sees a whole address in it."""

from typing import Any

import pytest

from hub.audience.models import Subscriber
from hub.suppression.models import Suppression
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back
from tests.support.deliveries import make_due, take
from tests.support.factories import send

pytestmark = rolled_back

DORA = {"channel": "email", "address": "Dora@Example.com"}


def test_put_listed_and_lifted(server: Api) -> None:
    made = server.put("/suppressions", DORA | {"reason": "complaint"}).json()
    assert (made["address"], made["reason"], made["source"]) == ("D…@example.com", "complaint", "api")
    assert server.put("/suppressions", DORA).json() == made
    assert server.get("/suppressions").json()["items"] == [made]
    assert server.delete("/suppressions", DORA).status_code == 204
    assert server.get("/suppressions").json()["items"] == []
    problem_of(server.delete("/suppressions", DORA), 404, "not_found")


def test_filters(server: Api) -> None:
    server.put("/suppressions", DORA)
    server.put("/suppressions", {"channel": "sms", "address": "+49 30 123456", "reason": "stop"})
    for wanted, found in (
        ("channel=sms", ["+49…56"]),
        ("reason=manual", ["D…@example.com"]),
        ("channel=sms&address=%2B4930123456", ["+49…56"]),
        ("channel=email&address=dora@example.com", ["D…@example.com"]),
        ("channel=email&address=other@example.com", []),
    ):
        assert [one["address"] for one in server.get(f"/suppressions?{wanted}").json()["items"]] == found


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"address": "a@example.com"}, "channel"),
        ({"channel": "push", "address": "a@example.com"}, "channel"),
        ({"channel": "email"}, "address"),
        ({"channel": "email", "address": "+4930123456"}, "address"),
        ({"channel": "sms", "address": "a@example.com"}, "address"),
        ({"channel": "email", "address": "a@b\r\nX: y"}, "address"),
        ({"channel": "email", "address": 7}, "address"),
        ({"channel": "email", "address": "a@example.com", "reason": "spite"}, "reason"),
        ({"channel": "email", "address": "a@example.com", "colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(server: Api, body: dict[str, Any], field: str) -> None:
    assert fields_of(problem_of(server.put("/suppressions", body), 422, "invalid_request")) == {field}
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("wanted", "field"), [("address=a@example.com", "channel"), ("channel=x", "channel")])
def test_a_filter_is_checked(server: Api, wanted: str, field: str) -> None:
    assert fields_of(problem_of(server.get(f"/suppressions?{wanted}"), 422, "invalid_request")) == {field}


def test_a_stranger_has_another_list(server: Api, stranger: Api) -> None:
    server.put("/suppressions", DORA)
    assert stranger.get("/suppressions").json()["items"] == []
    problem_of(stranger.delete("/suppressions", DORA), 404, "not_found")
    assert len(server.get("/suppressions").json()["items"]) == 1


@commits
def test_it_is_told_why(server: Api, as_alice: Api, alice: Subscriber) -> None:
    server.put("/suppressions", {"channel": "email", "address": "alice@example.com"})
    sent = send(alice.tenant, "alice")
    make_due()
    assert take().works == ()
    timeline = server.get(f"/notifications/{sent.pk}/timeline").json()["items"]
    (skipped,) = [event for event in timeline if event["kind"] == "delivery.skipped" and event["channel"] == "email"]
    assert (skipped["reason"], skipped["explanation"]) == ("suppressed", "The address is on the suppression list.")
    item = as_alice.get("/inbox").json()["items"][0]["id"]
    assert any("refused an earlier message" in words for words in as_alice.get(f"/inbox/{item}/why").json()["words"])
