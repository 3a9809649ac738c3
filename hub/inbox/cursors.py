"""Where a client stands in a stream, and what it counts there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cursor:
    """`epoch:seq`: everything up to `seq` of this life of the stream is known."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"

    @classmethod
    def parse(cls, text: object) -> "Cursor | None":
        """The cursor that `text` spells, or None."""
        epoch, colon, seq = text.partition(":") if isinstance(text, str) else ("", "", "")
        if not (colon and 0 < len(epoch) <= 8 and epoch.isascii() and epoch.isalnum()):
            return None
        if not (seq.isascii() and seq.isdecimal() and len(seq) <= 18):
            return None
        return cls(epoch, int(seq))


@dataclass(frozen=True, slots=True)
class Counts:
    """Visible items that are unread, and that are unseen."""

    unread: int
    unseen: int

    def as_dict(self) -> dict[str, int]:
        return {"unread": self.unread, "unseen": self.unseen}
