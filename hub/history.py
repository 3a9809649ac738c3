"""What became of an address, kept in its row, oldest first. In SQL: a change and its entry are one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.clock import iso_of

# entries of one row: the latest
LENGTH = 20


@dataclass(frozen=True, slots=True)
class Gone:
    """A provider's word that nobody is there: `word` in its own language, about the address that the row `id` had before
    `sent_at`."""

    id: UUID
    sent_at: datetime
    word: str = ""


def entry(what: str, reason: str = "''", word: str = "''") -> str:
    """SQL: an entry, `{"at", "what", "reason", "word"}`. `reason` and `word` are SQL."""
    at = iso_of("clock_timestamp()")
    return f"jsonb_build_object('at', {at}, 'what', '{what}', 'reason', {reason}::text, 'word', {word}::text)"


def noted(made: str) -> str:
    """SQL: the history of the row `d` with one entry more, and no more than LENGTH."""
    kept = f"CASE WHEN jsonb_array_length(d.history) < {LENGTH} THEN d.history ELSE d.history - 0 END"
    return f"({kept}) || jsonb_build_array({made})"


# `g`, to be joined: a row each of `gone_values`
GONE = "unnest(%(ids)s::uuid[], %(sent)s::timestamptz[], %(words)s::text[]) AS g(id, sent_at, word)"


def gone_values(gone: Sequence[Gone]) -> dict[str, Any]:
    """The arguments of GONE."""
    return {
        "ids": [one.id for one in gone],
        "sent": [one.sent_at for one in gone],
        "words": [one.word[:200] for one in gone],
    }
