"""A channel that does as it is told."""

from collections.abc import Callable
from threading import Event, Lock

from deliveries.channels.base import OneByOne, Sent
from hub.fallback.claims import Work


class FakeChannel(OneByOne):
    """`calls`: what it was asked to send. `act`: what to do then. Wait on `open_gate` in it to hang."""

    max_unknowns = 2
    calls: list[Work] = []
    open_gate = Event()
    act: Callable[[Work], Sent] = staticmethod(lambda work: Sent())
    _lock = Lock()

    @classmethod
    def reset(cls) -> None:
        cls.calls = []
        cls.open_gate = Event()
        cls.act = staticmethod(lambda work: Sent())

    def deliver(self, work: Work) -> Sent:
        with self._lock:
            self.calls.append(work)
        return type(self).act(work)


def hang(_: Work) -> Sent:
    FakeChannel.open_gate.wait(20)
    return Sent()
