"""A notification may say which channels it uses, and what each says instead."""

from typing import Any

import pytest

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back
from tests.support.deliveries import take
from tests.support.fake_provider import KINDS

SERVED = {
    "provider_kinds": KINDS,
    "providers": {"mail": {"kind": "django"}, "texts": {"kind": "fake_sms"}, "phones": {"kind": "fake_push"}},
}


def owed() -> dict[str, str]:
    return {delivery.channel: delivery.reason for delivery in Delivery.objects.all()}


@commits
@pytest.mark.parametrize(
    ("channels", "hidden", "expected"),
    [
        (None, "", {"email": ""}),
        ("all", "", {"email": "", "sms": "", "push": "no_destination"}),
        (["in_app"], "", {}),
        (["in_app", "email"], "", {"email": ""}),
        (["email"], "not_requested", {"email": ""}),
        (["sms"], "not_requested", {"sms": ""}),
        (["email", "email", "in_app"], "", {"email": ""}),
    ],
)
def test_reach_what_was_asked_for(
    server: Api, settings: Any, channels: Any, hidden: str, expected: dict[str, str]
) -> None:
    settings.HUB = settings.HUB | SERVED
    server.put(
        "/event-types/order.new", {"ladder": [{"channel": "email", "after": 60}], "template": {"title": "Order"}}
    )
    server.put("/subscribers/carol", {"email": "carol@example.com", "phone": "+4930123456"})
    sent = server.post("/notifications", {"to": "carol", "event": "order.new", "channels": channels})
    assert sent.status_code == 202, sent.content
    assert InboxItem.objects.get().hidden_reason == hidden
    assert owed() == expected
    known = list(dict.fromkeys(channels)) if isinstance(channels, list) else channels
    assert server.get(f"/notifications/{sent.json()['id']}").json()["channels"] == known


@commits
def test_a_switch_counts_all_the_same(server: Api, as_alice: Api, alice: Subscriber) -> None:
    for channel in ("in_app", "email"):
        change = {"category": "message", "channel": channel, "enabled": False}
        as_alice.patch("/preferences", {"changes": [change]})
    server.post("/notifications", {"to": "alice", "title": "x", "channels": ["in_app", "email"]})
    assert InboxItem.objects.get().hidden_reason == "preference_off"
    assert owed() == {"email": "preference_off"}


@commits
def test_an_email_says_it_in_its_own_words(server: Api, alice: Subscriber) -> None:
    instead = {"subject": "Your order", "body": "Thank you.", "from_name": "Acme"}
    server.post(
        "/notifications",
        {
            "to": "alice",
            "title": "Order",
            "html": "<b>Ordered</b>",
            "channels": ["email"],
            "overrides": {"email": instead},
        },
    )
    (work,) = take().works
    assert work.content["title"] == "Order"
    assert {name: work.content[name] for name in instead} == instead
    assert work.content["html"] == ""


@rolled_back
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channels": []}, "channels"),
        ({"channels": "email"}, "channels"),
        ({"channels": {}}, "channels"),
        ({"channels": 7}, "channels"),
        ({"channels": False}, "channels"),
        ({"channels": ["email", "pigeon"]}, "channels.1"),
        ({"channels": [["email"]]}, "channels.0"),
        ({"channels": ["all"]}, "channels.0"),
        ({"overrides": []}, "overrides"),
        ({"overrides": {"pigeon": {}}}, "overrides.pigeon"),
        ({"overrides": {"email": {"subject": 7}}}, "overrides.email.subject"),
    ],
)
def test_names_the_field_that_is_wrong(server: Api, change: dict[str, Any], field: str) -> None:
    document = problem_of(server.post("/notifications", {"to": "alice", "title": "x"} | change), 422, "invalid_request")
    assert fields_of(document) == {field}
