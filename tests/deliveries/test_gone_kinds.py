"""Promise: an account whose kind the project has taken away, or broken, hurts nobody else, and says what is wrong."""

import pytest
from pytest_django import Settings

from deliveries import dispatch
from hub.fallback.models import Attempt, Delivery
from hub.providers.models import Provider as Row
from tests.support.deliveries import owe
from tests.support.factories import make_subscriber, make_tenant
from tests.support.fake_provider import FakeChat


@pytest.mark.parametrize(("kind", "config"), [("gone", {}), ("gone", {"rate": 5}), ("broken", {})])
@pytest.mark.usefixtures("fake", "tenant")
def test_others_on_its_channel_go_on(settings: Settings, kind: str, config: dict[str, object]) -> None:
    settings.HUB["provider_kinds"] |= {"broken": "tests.support.no_such_module.Broken"}
    hurt, neighbour = make_tenant("hurt"), make_tenant("neighbour")
    Row.objects.create(tenant=hurt, key="own", kind=kind, channel="chat", config=config)
    lost = owe(make_subscriber(hurt, email="a@example.com"), channel="chat")
    owe(make_subscriber(neighbour, email="b@example.com"), channel="chat")
    dispatch.dispatch("chat", "high")
    assert [work.tenant for work in FakeChat.calls] == ["neighbour"]
    assert Delivery.objects.get(tenant=neighbour).state == "sent"
    attempt = Attempt.objects.get(destination__delivery=lost)
    assert (attempt.provider, attempt.outcome) == (f"{kind}:own", "configuration")
    assert attempt.answer == "this kind of provider can't be had any more"
