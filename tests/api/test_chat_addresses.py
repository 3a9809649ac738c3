"""Where somebody is reached in chats, as their tenant says."""

from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from hub.audience.models import Subscriber
from hub.chat.models import ChatAddress
from hub.chat.services import deactivate_gone
from hub.clock import now
from hub.fallback.models import DeliveryDestination
from hub.history import Gone
from tests.api.client import Api, fields_of, problem_of, rolled_back
from tests.support.deliveries import owe, take

pytestmark = rolled_back
HOOK = "https://hooks.example.com/services/T0/B0/@secret"


def test_set_changed_and_removed(server: Api, alice: Subscriber) -> None:
    made = server.put("/subscribers/alice/chat/slack", {"address": "C024BE91L"}).json()
    assert (made["kind"], made["address"], made["subscriber"]) == ("slack", "C02…1L", "alice")
    assert server.put("/subscribers/alice/chat/slack", {"address": HOOK}).json()["address"] == "htt…et"
    server.put("/subscribers/alice/chat/discord", {"address": "123456789012345678"})
    listed = server.get("/subscribers/alice/chat").json()["items"]
    assert [one["kind"] for one in listed] == ["discord", "slack"]
    assert ChatAddress.objects.get(kind="slack").address == HOOK
    assert server.delete("/subscribers/alice/chat/slack").status_code == 204
    problem_of(server.delete("/subscribers/alice/chat/slack"), 404, "not_found")


def test_one_that_is_gone_says_so_until_it_is_set_again(server: Api, alice: Subscriber) -> None:
    server.put("/subscribers/alice/chat/slack", {"address": "C024BE91L"})
    row = ChatAddress.objects.get()
    assert deactivate_gone([Gone(row.pk, now(), "channel_not_found")]) == 1
    (gone,) = server.get("/subscribers/alice/chat").json()["items"]
    assert (gone["active"], gone["history"][-1]["word"]) == (False, "channel_not_found")
    assert gone["deactivated_at"] is not None
    again = server.put("/subscribers/alice/chat/slack", {"address": "C024BE91L"}).json()
    assert (again["active"], again["deactivated_at"], len(again["history"])) == (True, None, 3)


def test_what_is_wrong_is_named(server: Api, alice: Subscriber) -> None:
    for wrong in ({}, {"address": ""}, {"address": 7}, {"address": "general"}, {"address": "https://127.0.0.1/"}):
        answer = server.put("/subscribers/alice/chat/slack", wrong)
        assert fields_of(problem_of(answer, 422, "invalid_request")) == {"address"}
    for method in (server.put, server.delete):
        problem_of(method("/subscribers/nobody/chat/slack", {"address": "C024BE91L"}), 404, "not_found")
    assert not ChatAddress.objects.exists()


def test_a_stranger_sees_none(server: Api, stranger: Api, alice: Subscriber) -> None:
    server.put("/subscribers/alice/chat/slack", {"address": "C024BE91L"})
    problem_of(stranger.get("/subscribers/alice/chat"), 404, "not_found")
    problem_of(stranger.delete("/subscribers/alice/chat/slack"), 404, "not_found")
    assert ChatAddress.objects.exists()


def test_it_is_encrypted_exported_and_erased(server: Api, alice: Subscriber) -> None:
    server.put("/subscribers/alice/chat/slack", {"address": HOOK})
    with connection.cursor() as db:
        db.execute("SELECT string_agg(a::text, ' ') FROM hub_chataddress a")
        assert "hooks.example.com" not in db.fetchone()[0]
    (exported,) = server.get("/subscribers/alice/export").json()["chat"]
    assert (exported["kind"], exported["address"]) == ("slack", HOOK)
    server.delete("/subscribers/alice")
    assert not ChatAddress.objects.exists()


@pytest.mark.usefixtures("_chatting")
def test_a_delivery_goes_to_each_by_its_own_provider(server: Api, alice: Subscriber) -> None:
    server.put("/subscribers/alice/chat/slack", {"address": HOOK})
    server.put("/subscribers/alice/chat/telegram", {"address": "42"})
    # in one transaction with the requests, whose now() is when it began
    owe(alice, channel="chat", due_at=alice.created_at - timedelta(hours=1))
    (work,) = take(channel="chat").works
    assert (work.account.kind, work.data["address"]) == ("slack", HOOK)
    assert DeliveryDestination.objects.get().address == str(ChatAddress.objects.get(kind="slack").pk)
    assert "hooks.example.com" not in repr(work)


@pytest.fixture
def _chatting(settings: Settings) -> None:
    kinds = {"slack": "tests.support.fake_provider.FakeChat"}
    settings.HUB = settings.HUB | {"provider_kinds": kinds, "providers": {"slack": {"kind": "slack"}}}
