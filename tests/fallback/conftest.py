"""Somebody to carry text messages."""

import pytest
from pytest_django import Settings

from hub.audience.models import Subscriber
from tests.support.fake_provider import KINDS


@pytest.fixture
def texting(settings: Settings, alice: Subscriber) -> None:
    """Alice has a phone, and the hub an account with somebody who reaches it."""
    own = {"mail": {"kind": "django"}, "texts": {"kind": "fake_sms"}}
    settings.HUB = settings.HUB | {"provider_kinds": KINDS, "providers": own}
    Subscriber.objects.filter(pk=alice.pk).update(phone="+4930123456")
