"""The contract of a channel. `docs/adding-a-channel.md` is the way to a new one."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from deliveries.channels.errors import Ambiguous, SendError
from hub.conf import conf
from hub.fallback.claims import Work
from hub.fallback.record import Result
from hub.policy.retry import Outcome

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken responsibility. `message_id`: its name for the message; `answer`: its own words."""

    message_id: str = ""
    code: str = ""
    answer: str = ""


class Channel(ABC):
    """A way to reach somebody outside the app. One instance a process; `send` is called from many threads."""

    # How many attempts of unknown outcome a delivery may have: so many copies may arrive at most.
    max_unknowns: ClassVar[int] = 1

    @property
    def provider(self) -> str:
        """Who is called, as the attempts name it."""
        return f"{type(self).__module__}.{type(self).__qualname__}"

    @property
    def concurrency(self) -> int:
        """Calls at a time, in one process."""
        return conf.delivery_concurrency

    @abstractmethod
    def send(self, batch: Sequence[Work]) -> Sequence[Result]:
        """Call the provider for each of the works and return their results in the same order.

        The works are the destinations of one delivery. Ends within twice `provider_timeout` a work, and raises nothing.
        """

    def idle(self) -> None:  # noqa: B027  most channels keep nothing open
        """A lane has run dry: close what should not be kept open."""


class OneByOne(Channel):
    """A channel whose provider takes one message a call: implement `deliver`; raise `SendError` for what isn't sent."""

    def send(self, batch: Sequence[Work]) -> Sequence[Result]:
        return [self._result(work) for work in batch]

    @abstractmethod
    def deliver(self, work: Work) -> Sent:
        """Send one message."""

    def _result(self, work: Work) -> Result:
        try:
            sent = self.deliver(work)
        except SendError as error:
            return refused(work, error)
        except Exception as error:
            logger.exception("%s: unexpected error", self.provider)
            return refused(work, Ambiguous(type(error).__name__))
        return Result(
            work.delivery_id,
            work.destination_id,
            work.fence,
            Outcome.SENT,
            code=sent.code,
            answer=sent.answer,
            provider_message_id=sent.message_id,
        )


def refused(work: Work, error: SendError) -> Result:
    """The result of a call that didn't end in `sent`."""
    return Result(
        work.delivery_id,
        work.destination_id,
        work.fence,
        error.outcome,
        code=error.code,
        answer=error.answer,
        retry_after=error.retry_after,
    )
