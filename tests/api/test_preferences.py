"""The matrix of categories and channels: what is on, who says so, and what can't be switched."""

from typing import Any

import pytest

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from hub.preferences.models import Preference
from tests.api.client import Api, commits, fields_of, problem_of, rolled_back
from tests.support.deliveries import make_due, take

pytestmark = rolled_back

ON = {"enabled": True, "source": "default", "locked": False}


@pytest.fixture
def kinds(server: Api) -> None:
    server.put("/event-types/comment.created", {"category": "comments"})
    server.put("/event-types/login.new", {"category": "security", "required": True})
    server.put("/event-types/retired", {"category": "retired", "active": False})


def change(category: str, channel: str, enabled: Any) -> dict[str, Any]:
    return {"changes": [{"category": category, "channel": channel, "enabled": enabled}]}


def cells(api: Api, path: str = "/preferences") -> dict[str, Any]:
    return {row["category"]: row["channels"] for row in api.get(path).json()["categories"]}


@pytest.mark.usefixtures("kinds")
def test_the_default_is_on(as_alice: Api) -> None:
    found = cells(as_alice)
    assert found.keys() == {"comments", "message", "security"}
    assert found["comments"] == {"in_app": ON, "email": ON}
    assert found["security"]["email"] == {"enabled": True, "source": "required", "locked": True}


@pytest.mark.usefixtures("kinds")
def test_a_choice_is_kept_and_taken_back(as_alice: Api, as_bob: Api, alice: Subscriber) -> None:
    told = as_alice.patch("/preferences", change("comments", "email", False)).json()
    assert {
        "category": "comments",
        "channels": {"in_app": ON, "email": ON | {"enabled": False, "source": "subscriber"}},
    } in told["categories"]
    switched = Preference.objects.filter(subscriber=alice, category="comments").values_list("channel", "enabled")
    assert list(switched) == [("email", False)]
    as_alice.patch("/preferences", change("comments", "email", True))
    assert list(switched.all()) == [("email", True)]
    as_alice.patch("/preferences", change("comments", "email", None))
    assert not Preference.objects.exists()
    assert cells(as_bob)["comments"]["email"] == ON


@pytest.mark.usefixtures("kinds")
def test_all_or_nothing(as_alice: Api) -> None:
    changes = [*change("comments", "email", False)["changes"], *change("security", "email", False)["changes"]]
    document = problem_of(as_alice.patch("/preferences", {"changes": changes}), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in document["errors"]] == [("changes.1", "locked")]
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (change("nonsense", "email", False), "changes.0"),
        (change("message", "pigeon", False), "changes.0"),
        (change("message", "email", 1), "changes.0.enabled"),
        (change("message", "email", "no"), "changes.0.enabled"),
        (change("message", "email", []), "changes.0.enabled"),
        ({"changes": [{}]}, "changes.0"),
        ({"changes": [1]}, "changes.0"),
        ({"changes": {}}, "changes"),
        ({"changes": [{}] * 201}, "changes"),
        ({"quiet": 1}, "quiet"),
    ],
)
def test_names_what_is_wrong(as_alice: Api, body: dict[str, Any], field: str) -> None:
    assert field in fields_of(problem_of(as_alice.patch("/preferences", body), 422, "invalid_request"))


@pytest.mark.usefixtures("kinds")
def test_the_tenants_server_may_do_it_too(server: Api, as_alice: Api) -> None:
    address = "/subscribers/alice/preferences"
    assert server.patch(address, change("comments", "in_app", False)).status_code == 200
    assert cells(as_alice)["comments"]["in_app"]["enabled"] is False
    assert cells(server, address) == cells(as_alice)


QUIET: dict[str, Any] = {
    "category": "tips",
    "default_on": False,
    "ladder": [{"channel": "email", "after": 0}],
    "template": {"title": "Tip"},
}


def test_a_type_may_be_off_until_it_is_switched_on(server: Api, as_alice: Api) -> None:
    server.put("/event-types/tip.new", QUIET)
    assert cells(as_alice)["tips"]["email"] == {"enabled": False, "source": "default", "locked": False}
    as_alice.patch("/preferences", change("tips", "email", True))
    assert cells(as_alice)["tips"] == {
        "email": {"enabled": True, "source": "subscriber", "locked": False},
        "in_app": {"enabled": False, "source": "default", "locked": False},
    }
    server.put("/event-types/tip.hot", {"category": "tips"})
    assert cells(as_alice)["tips"]["in_app"]["enabled"] is True


@commits
def test_what_is_off_by_default_reaches_who_switched_it_on(
    server: Api, as_alice: Api, alice: Subscriber, bob: Subscriber
) -> None:
    server.put("/event-types/tip.new", QUIET)
    for channel in ("in_app", "email"):
        as_alice.patch("/preferences", change("tips", channel, True))
    server.post("/notifications", {"to": ["alice", "bob"], "event": "tip.new"})
    hidden = dict(InboxItem.objects.values_list("subscriber__external_id", "hidden_reason"))
    assert hidden == {"alice": "", "bob": "preference_off"}
    owed = dict(Delivery.objects.values_list("subscriber__external_id", "reason"))
    assert owed == {"alice": "", "bob": "preference_off"}


@commits
def test_a_choice_taken_back_before_the_mail_goes_out_counts(server: Api, as_alice: Api, alice: Subscriber) -> None:
    server.put("/event-types/tip.new", QUIET)
    as_alice.patch("/preferences", change("tips", "email", True))
    server.post("/notifications", {"to": "alice", "event": "tip.new"})
    as_alice.patch("/preferences", change("tips", "email", None))
    make_due()
    assert take().works == ()
    assert Delivery.objects.get().reason == "preference_off"


@commits
def test_what_is_required_is_on_whatever_its_default(server: Api, as_alice: Api, alice: Subscriber) -> None:
    server.put("/event-types/tip.new", QUIET | {"required": True})
    server.post("/notifications", {"to": "alice", "event": "tip.new"})
    assert InboxItem.objects.get().hidden_reason == ""
    assert len(take().works) == 1
