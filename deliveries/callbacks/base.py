"""The contract of a reader of callbacks. Nothing here waits, but for a certificate that is asked for once."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from hub.callbacks.events import Call, Event, Reply
from hub.providers.accounts import Account

# answers to a text message that its sender must heed, whatever the case (CTIA; the last ones are German and French)
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "stopp", "arret", "arrêt"})
START_WORDS = frozenset({"start", "unstop", "yes"})
HELP_WORDS = frozenset({"help", "info"})


class Reader(ABC):
    """Of one account's callbacks. That their address is known to the caller has been seen already."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def verify(self, call: Call) -> None:  # noqa: B027  where the provider signs nothing, its address is all
        """Raises Unverified for a call that lacks the provider's signature."""

    @abstractmethod
    def read(self, call: Call) -> Sequence[Event]:
        """What the call tells. It may tell the same again, and late; what is of no interest is left out."""

    def reply(self, call: Call) -> Reply:
        """What the provider wants to hear."""
        return Reply()


def form_of(call: Call) -> dict[str, str]:
    """The fields of a form, or of the query where there is no body."""
    text = call.body.decode(errors="replace") if call.body else urlsplit(call.url).query
    return dict(parse_qsl(text, keep_blank_values=True))


def received_at() -> datetime:
    """For providers that don't say when."""
    return datetime.now(UTC)


def word_of(text: str) -> str:
    """The first word of an answer, as the lists of words have it."""
    return next(iter(text.strip().lower().split()), "").strip(".!\"'")
