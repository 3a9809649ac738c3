"""What all emulators have in common: one reads requests as its provider would, and answers in its provider's words."""

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from project.emulators.clock import Clock
from project.emulators.recorder import Message, Recorder
from project.emulators.request import Request
from project.emulators.script import EMPTY, NOT_TAKEN, Act, Deed, Late, Refusal, Reply, Script, Split

logger = logging.getLogger(__name__)


class Endpoint(ABC):
    """What answers below a name of its own. `url` is its address once it is served."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.script = Script()
        self.url = ""

    @abstractmethod
    def handle(self, request: Request) -> Reply | Deed:
        """The answer, or what is done to the connection instead."""


class Emulator(Endpoint):
    """One provider. Give several one recorder and one clock to share."""

    channel: ClassVar[str]

    def __init__(self, recorder: Recorder | None = None, clock: Clock | None = None) -> None:
        super().__init__()
        self.recorder = recorder or Recorder()
        self.clock = clock or Clock()

    @abstractmethod
    def receive(self, request: Request) -> Sequence[Message] | Reply:
        """The messages that the request asks to send, or the answer to one that asks for something else.

        Raises Refusal for what the provider would not take.
        """

    @abstractmethod
    def accept(self, messages: Sequence[Message]) -> Reply:
        """The answer to messages that were taken."""

    @abstractmethod
    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        """The error in the provider's shape."""

    def handle(self, request: Request) -> Reply | Deed:
        try:
            found = self.receive(request)
            return found if isinstance(found, Reply) else self._act(found)
        except Refusal as refusal:
            return self.refuse(refusal, request)
        except Exception:
            logger.exception("%s can't make anything of a request to %s", self.name, request.path)
            return Reply(500, b"The emulator failed; its log says why.\n")

    def _act(self, messages: Sequence[Message]) -> Reply | Deed:
        act = self.script.act_for(messages[0])
        taken = is_taken(act)
        for message in messages:
            self.recorder.add(message if taken else replace(message, taken=False))
        match act:
            case Refusal():
                raise act
            case Late(seconds):
                return replace(self.accept(messages), delay=seconds)
            case Split(parts):
                return replace(self.accept(messages), parts=parts)
            case Deed() if act is EMPTY:
                return replace(self.accept(messages), body=b"")
            case None:
                return self.accept(messages)
        return act

    def message(self, request: Request, **fields: Any) -> Message:
        """A message of this provider, with what every message has."""
        common: dict[str, Any] = {"provider": self.name, "channel": self.channel, "at": self.clock.now()}
        common |= {"headers": request.headers, "path": request.path, "query": request.query}
        return Message(**{**common, **fields})


def is_taken(act: Act | None) -> bool:
    if isinstance(act, Reply):
        return act.status < 400
    return not isinstance(act, Refusal) and act not in NOT_TAKEN


def json_reply(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(content).encode(), {"content-type": "application/json", **(headers or {})})
