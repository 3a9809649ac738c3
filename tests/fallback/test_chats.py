"""Promise: a chat that is gone by its provider's word is written to no more until it is set again; nothing else ends one."""

import pytest
from pytest_django import Settings

from hub.audience.models import Subscriber
from hub.chat.models import ChatAddress
from hub.chat.services import set_address
from hub.fallback.destinations import destinations
from hub.fallback.models import Delivery
from hub.fallback.record import record
from hub.rows import ask
from tests.support.deliveries import answer, owe, take
from tests.support.factories import send


@pytest.fixture(autouse=True)
def _chatting(settings: Settings) -> None:
    kinds = dict.fromkeys(("slack", "telegram"), "tests.support.fake_provider.FakeChat")
    settings.HUB = settings.HUB | {"provider_kinds": kinds, "providers": {name: {"kind": name} for name in kinds}}


@pytest.fixture
def slack(alice: Subscriber) -> ChatAddress:
    return set_address(subscriber=alice, kind="slack", address="C024BE91L")


def kinds_of(subscriber: Subscriber) -> list[str]:
    return [one.kind for one in ask(destinations("chat", [subscriber.pk])).get(subscriber.pk, ())]


def test_only_the_chat_that_is_gone_is_let_go(alice: Subscriber, bob: Subscriber, slack: ChatAddress) -> None:
    set_address(subscriber=alice, kind="telegram", address="42")
    set_address(subscriber=bob, kind="slack", address="C024BE91L")
    delivery = owe(alice, channel="chat")
    outcomes = {"slack": "address_dead", "telegram": "sent"}
    works = take(channel="chat").works
    record([answer(work, outcomes[work.account.kind], code="channel_not_found") for work in works])
    delivery.refresh_from_db()
    slack.refresh_from_db()
    assert delivery.state == "sent"
    assert (kinds_of(alice), kinds_of(bob)) == (["telegram"], ["slack"])
    assert slack.deactivated_at is not None
    assert [(one["what"], one["reason"], one["word"]) for one in slack.history] == [
        ("registered", "", ""),
        ("deactivated", "gone", "channel_not_found"),
    ]


def test_what_has_no_code_is_told_in_its_words(alice: Subscriber, slack: ChatAddress) -> None:
    owe(alice, channel="chat")
    (work,) = take(channel="chat").works
    record([answer(work, "address_dead", answer="Forbidden: bot was blocked by alice@example.com")])
    slack.refresh_from_db()
    assert slack.history[-1]["word"] == "Forbidden: bot was blocked by <address>"


@pytest.mark.parametrize("outcome", ["permanent", "configuration", "throttled", "transient", "ambiguous"])
def test_nothing_but_its_chats_word_lets_go_of_one(alice: Subscriber, slack: ChatAddress, outcome: str) -> None:
    owe(alice, channel="chat")
    record([answer(work, outcome) for work in take(channel="chat").works])
    assert kinds_of(alice) == ["slack"]


def test_what_was_set_again_meanwhile_is_kept(alice: Subscriber, slack: ChatAddress) -> None:
    owe(alice, channel="chat")
    works = take(channel="chat").works
    set_address(subscriber=alice, kind="slack", address="C024BE91X")
    record([answer(work, "address_dead") for work in works])
    assert kinds_of(alice) == ["slack"]


def test_who_has_only_a_chat_that_is_gone_is_planned_nothing_until_it_is_set_again(
    alice: Subscriber, slack: ChatAddress
) -> None:
    owe(alice, channel="chat")
    record([answer(work, "address_dead") for work in take(channel="chat").works])
    assert planned(alice) == "no_destination"
    again = set_address(subscriber=alice, kind="slack", address="C024BE91L")
    assert (again.pk, again.deactivated_at) == (slack.pk, None)
    assert [one["what"] for one in again.history] == ["registered", "deactivated", "registered"]
    assert planned(alice) == ""


def planned(subscriber: Subscriber) -> str:
    """Why a new notification is not to reach them in a chat; empty if it is."""
    sent = send(subscriber.tenant, subscriber.external_id, channels=["chat"])
    return Delivery.objects.get(notification=sent, channel="chat").reason
