"""Which of a tenant's accounts carries a message to one destination. Pure: plain values in, a choice out."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

AMBIGUOUS = "ambiguous"


class Named(Protocol):
    """An account, as far as choosing goes."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Tried:
    """An earlier attempt at the destination: by whom, and what came of it."""

    label: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The place of the account in the list, and whether another one is left that was not tried."""

    index: int
    elsewhere: bool


def choose(
    accounts: Sequence[Named], *, kind: str = "", tried: Sequence[Tried] = (), closed: Collection[str] = ()
) -> Choice | None:
    """The account that may serve a destination of `kind` (empty: any): the first of those tried least, but none of the
    `closed` ids while there are others.

    A message that one account may have taken is only ever repeated by the same account: another would not know it again.
    None: nobody can reach it. If all are closed, the best of them: it says when to come again.
    """
    fitting = [n for n, account in enumerate(accounts) if kind in ("", account.kind)]
    if not fitting:
        return None
    if len(fitting) == 1:
        return Choice(fitting[0], False)
    took = {one.label for one in tried if one.outcome == AMBIGUOUS}
    if took:
        same = [n for n in fitting if accounts[n].label in took]
        return Choice((same or fitting)[0], False)
    failures = Counter(one.label for one in tried)
    best = min(fitting, key=lambda n: _rank(accounts[n], failures, closed))
    untried = [n for n in fitting if n != best and not failures[accounts[n].label] and accounts[n].id not in closed]
    return Choice(best, bool(untried))


def _rank(account: Named, failures: Mapping[str, int], closed: Collection[str]) -> tuple[bool, int]:
    return account.id in closed, failures[account.label]
