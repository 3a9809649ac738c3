"""Promise: from a terminal a tenant's dead letters are seen by cause, and one, a cause or all of them sent again, once."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from hub.management.commands import hub_dead_letters
from tests.support.deliveries import owe
from tests.support.factories import make_subscriber, make_tenant

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


def dead(subscriber: Subscriber, reason: str = "permanent", **fields: Any) -> Delivery:
    return owe(subscriber, state="dead", reason=reason, finished_at=LONG_AGO, created_at=LONG_AGO, **fields)


def told(*words: str, tenant: str = "acme") -> list[str]:
    out = StringIO()
    call_command("hub_dead_letters", *words, "--tenant", tenant, stdout=out)
    return out.getvalue().splitlines()


def states() -> list[str]:
    return sorted(Delivery.objects.values_list("state", flat=True))


def test_they_are_counted_by_cause_and_listed_newest_first(alice: Subscriber) -> None:
    dead(alice), dead(alice)
    newest = dead(alice, "ambiguous")
    dead(make_subscriber(make_tenant("other")))
    assert [line.split()[:3] for line in told("groups")] == [["2", "email", "permanent"], ["1", "email", "ambiguous"]]
    assert [line.split()[4] for line in told("list")] == ["ambiguous", "permanent", "permanent"]
    (line,) = told("list", "--reason", "ambiguous")
    assert line.startswith(str(newest.pk))
    assert line.endswith(alice.external_id)
    assert "@" not in line
    assert len(told("list", "--limit", "1")) == 1


def test_one_is_sent_again_once(alice: Subscriber) -> None:
    one, _ = dead(alice), dead(alice)
    assert told("replay", str(one.pk)) == ["1 sent again"]
    assert told("replay", str(one.pk)) == ["0 sent again"]
    assert states() == ["dead", "replayed", "waiting"]


def test_those_of_a_cause_are_sent_again(alice: Subscriber) -> None:
    dead(alice), dead(alice, "ambiguous")
    assert told("replay", "--reason", "permanent", "--channel", "email") == ["1 sent again"]
    assert Delivery.objects.get(state="dead").reason == "ambiguous"


def test_all_are_sent_again_though_they_die_again_meanwhile(alice: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would go on for as long as whatever kills them."""
    again = hub_dead_letters.replay_dead_letters

    def hopeless(**arguments: Any) -> tuple[int, bool]:
        made = again(**arguments)
        Delivery.objects.filter(state="waiting").update(state="dead", reason="permanent", finished_at=LONG_AGO)
        return made

    monkeypatch.setattr(hub_dead_letters, "AT_ONCE", 1)
    monkeypatch.setattr(hub_dead_letters, "replay_dead_letters", hopeless)
    dead(alice), dead(alice), dead(alice, "ambiguous")
    assert told("replay", "--all") == ["3 sent again"]
    assert states() == ["dead"] * 3 + ["replayed"] * 3


def test_another_tenants_are_left_alone(alice: Subscriber) -> None:
    theirs = dead(make_subscriber(make_tenant("other")))
    assert told("replay", str(theirs.pk)) == ["0 sent again"]
    assert told("replay", "--all") == ["0 sent again"]
    assert told("groups") == []


@pytest.mark.parametrize("words", [[], ["--all", "--reason", "permanent"]])
def test_which_ones_has_to_be_said(alice: Subscriber, words: list[str]) -> None:
    dead(alice)
    with pytest.raises(CommandError, match="--all"):
        told("replay", *words)
    assert states() == ["dead"]


@pytest.mark.usefixtures("alice")
def test_says_whose_it_does_not_know() -> None:
    with pytest.raises(CommandError, match="no such tenant"):
        told("groups", tenant="nobody")
