"""Providers that do as they are told."""

from collections.abc import Callable
from threading import Event, Lock
from typing import Any

from pytest_django import Settings

from deliveries.providers.base import Blocking, Sent
from hub.fallback.work import Work
from hub.providers.accounts import Account, hub_accounts

KINDS = {f"fake_{channel.lower()}": f"{__name__}.Fake{channel}" for channel in ("Chat", "Sms", "Push")}


class FakeChat(Blocking):
    """`calls`: what it was asked to send. `act`: what to do then. Wait on `open_gate` in it to hang."""

    channel = "chat"
    calls: list[Work] = []
    open_gate = Event()
    act: Callable[[Work], Sent] = staticmethod(lambda work: Sent())
    _lock = Lock()

    @classmethod
    def reset(cls) -> None:
        cls.calls = []
        cls.open_gate = Event()
        cls.act = staticmethod(lambda work: Sent())

    def deliver_waiting(self, work: Work) -> Sent:
        with self._lock:
            self.calls.append(work)
        return type(self).act(work)


class FakeSms(FakeChat):
    channel = "sms"


class FakePush(FakeChat):
    channel = "push"


def hang(_: Work) -> Sent:
    FakeChat.open_gate.wait(60)
    return Sent()


def only_first(settings: Settings, **config: Any) -> None:
    """Of the two accounts that `two_chats` gives, one is left."""
    settings.HUB = settings.HUB | {"providers": {"first": {"kind": "fake_chat", **config}}}


def first() -> Account:
    return hub_accounts("chat")[0]
