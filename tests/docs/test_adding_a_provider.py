"""Promise: who follows docs/adding-a-provider.md to the letter has a provider that carries messages."""

import ast
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from deliveries import dispatch
from hub.audience.models import Subscriber
from hub.fallback.models import Delivery
from tests.docs.examples import ROOT, examples
from tests.support.deliveries import owe

PROVIDER, LINE, ACCOUNT = (one.code for one in examples(ROOT / "docs" / "adding-a-provider.md"))
NUMBER = "+4930123456"


def written_in(code: str) -> dict[str, Any]:
    """What a block of settings says of the hub."""
    said: dict[str, Any] = {}
    exec(code, said)
    return dict(said["HUB"])


def test_its_three_steps_are_all_there_is_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, alice: Subscriber
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "acme.py").write_text(PROVIDER)
    monkeypatch.syspath_prepend(tmp_path)
    settings.HUB = settings.HUB | written_in(LINE) | written_in(ACCOUNT)
    assert [problem for problem in run_checks() if problem.id and problem.id.startswith("hub.E")] == []

    calls = []

    async def call_acme(token: str, **message: str) -> SimpleNamespace:
        calls.append({"token": token, **message})
        return SimpleNamespace(id="acme-1", text="ok")

    monkeypatch.setattr(sys.modules["shop.acme"], "call_acme", call_acme, raising=False)
    Subscriber.objects.filter(pk=alice.pk).update(phone=NUMBER)
    owed = owe(alice, channel="sms")
    dispatch.dispatch("sms", "high")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.destinations.get().provider_message_id) == ("sent", "acme-1")
    assert [(call["to"], call["key"]) for call in calls] == [(NUMBER, f"{owed.pk}.0")]


def test_its_file_is_one_that_the_house_takes() -> None:
    assert ast.get_docstring(ast.parse(PROVIDER))
