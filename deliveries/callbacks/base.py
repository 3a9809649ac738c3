"""The contract of a reader of callbacks. Nothing here waits, but for a certificate that is asked for once."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from hub.callbacks.events import Call, Event, Kind, Reply
from hub.providers.accounts import Account

# answers to a text message that its sender must heed, whatever the case (CTIA, FCC; the last ones are German and French)
STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "stopp", "arret", "arrêt"}
)
START_WORDS = frozenset({"start", "unstop", "yes"})
HELP_WORDS = frozenset({"help", "info"})
_WORD = re.compile(r"[^\W\d_]+")


class Reader(ABC):
    """Of one account's callbacks. That their address is known to the caller has been seen already."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def lacks(self) -> str:
        """The setting without which no call can prove anything; empty if nothing is missing."""
        return ""

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


def instant_of(text: object) -> datetime:
    """One such as `2026-01-31 09:00:00`, in UTC; now for what is none."""
    try:
        return datetime.strptime(str(text)[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return received_at()


def answered(text: str, sender: str, id: str) -> list[Event]:
    """What somebody wants who has answered a text message: STOP or HELP if it begins so, START if it says nothing else.
    Nothing where it is none of the words that count."""
    kind = _wanted(_WORD.findall(text.lower()))
    return [Event(kind, received_at(), address=sender, id=id)] if kind and sender else []


def _wanted(words: Sequence[str]) -> Kind | None:
    if not STOP_WORDS.isdisjoint((*words[:1], "".join(words[:2]))):
        return Kind.STOPPED
    if "".join(words) in START_WORDS:
        return Kind.STARTED
    return Kind.ASKED if not HELP_WORDS.isdisjoint(words[:1]) else None


def word_of(text: str) -> str:
    """The first word of an answer, as the lists of words have it."""
    return next(iter(_WORD.findall(text.lower())), "")
