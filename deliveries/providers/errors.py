"""The errors that a provider's answer becomes. Each carries the decision: what it means, never what to do about it."""

import re

from hub.policy.retry import Outcome

_CODE = re.compile(r"[\w.:-]{1,64}")


class SendError(Exception):
    """Nothing is known to be sent. `code` and `answer`: the provider's own words, for the record."""

    outcome: Outcome

    def __init__(self, code: str = "", answer: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(f"{code} {answer}".strip())
        # codes are logged, and what is no single word may quote the message
        self.code = code if _CODE.fullmatch(code) else ""
        self.answer = answer
        self.retry_after = retry_after


class Permanent(SendError):
    """This message will never be accepted."""

    outcome = Outcome.PERMANENT


class AddressDead(SendError):
    """This address will never accept anything."""

    outcome = Outcome.ADDRESS_DEAD


class OptedOut(AddressDead):
    """Its owner has told the provider that they want nothing more: STOP."""


class Configuration(SendError):
    """The provider refuses us, whatever the message: credentials, sender, settings."""

    outcome = Outcome.CONFIGURATION


class Unfit(SendError):
    """This account can't reach this address, another may: a device of another app's, a country that it doesn't serve. It is no
    failure of the account's, or whoever may register addresses could put it to rest for everybody."""

    outcome = Outcome.UNFIT


class Throttled(SendError):
    """The provider answered: later. `retry_after`: in how many seconds, if it said so."""

    outcome = Outcome.THROTTLED


class Transient(SendError):
    """The provider wasn't reached, so nothing can have been sent."""

    outcome = Outcome.TRANSIENT


class Ambiguous(SendError):
    """The provider may have it. Raise this whenever in doubt: it costs at most one repeat, never a loss unseen."""

    outcome = Outcome.AMBIGUOUS


class Deferred(SendError):
    """Nobody was called: the account is at rest for `retry_after` seconds, or the turn came too late."""

    outcome = Outcome.DEFERRED
