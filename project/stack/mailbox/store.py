"""The kept mails: .eml files in a folder, and an index of them in memory, so that no request reads the folder."""

import contextlib
import itertools
import re
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

KEPT = 5_000  # mails; older ones are deleted
HEADER_BYTES = 16_384  # as much of a file as is read to list it again after a restart
LISTED = re.compile(
    r"^(From|Subject|Message-ID|Delivered-To):[ \t]*(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)
BLANKS = re.compile(r"[\x00-\x20\x7f]+")  # line ends and other control characters too


@dataclass(frozen=True, slots=True)
class Mail:
    """What a list shows. `id` sorts by arrival; `to` is who it was delivered to (the envelope, not the header)."""

    id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    message_id: str
    received_at: datetime


class MailStore:
    """The newest `kept` mails in `folder`, one `<id>.eml` each; what is there already is listed again."""

    def __init__(self, folder: Path, *, kept: int = KEPT) -> None:
        self.folder, self.kept = folder, kept
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mails: OrderedDict[str, Mail] = OrderedDict()
        for file in sorted(folder.glob("*.eml"))[-kept:]:
            self._mails[file.stem] = summary(file.stem, read_start(file))
        self._last_id = int(next(reversed(self._mails), "0"))

    def __len__(self) -> int:
        return len(self._mails)

    def add(self, content: bytes, *, sender: str, recipients: Sequence[str]) -> Mail:
        """Keep one mail as it came, below the two headers that a mail server adds on final delivery."""
        delivered = [f"Return-Path: <{sender}>", *(f"Delivered-To: {address}" for address in recipients)]
        whole = "".join(BLANKS.sub(" ", line) + "\r\n" for line in delivered).encode() + content
        mail_id = self.next_id()
        (self.folder / f"{mail_id}.eml").write_bytes(whole)
        mail = self._mails[mail_id] = summary(mail_id, whole)
        self._drop_oldest()
        return mail

    def newest(self, limit: int, *, after: str = "", before: str = "") -> list[Mail]:
        """Up to `limit` mails, newest first, of those that arrived after (before) the one with that id."""
        return list(itertools.islice(self._between(after, before), limit))

    def get(self, mail_id: str) -> Mail | None:
        return self._mails.get(mail_id)

    def raw(self, mail: Mail) -> bytes:
        return (self.folder / f"{mail.id}.eml").read_bytes()

    def message(self, mail: Mail) -> EmailMessage:
        return message_from_bytes(self.raw(mail), policy=policy.default)

    def _between(self, after: str, before: str) -> Iterator[Mail]:
        for mail_id in reversed(self._mails):
            if mail_id <= after:
                return
            if not before or mail_id < before:
                yield self._mails[mail_id]

    def next_id(self) -> str:
        self._last_id = max(self._last_id + 1, time.time_ns())
        return f"{self._last_id:020d}"

    def _drop_oldest(self) -> None:
        while len(self._mails) > self.kept:
            oldest, _ = self._mails.popitem(last=False)
            (self.folder / f"{oldest}.eml").unlink(missing_ok=True)


def read_start(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(HEADER_BYTES)


def summary(mail_id: str, content: bytes) -> Mail:
    # Only the headers, and of them only these: a parsed message costs more than all the rest of taking a mail.
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0].decode(errors="replace")
    headers: dict[str, list[str]] = {}
    for name, value in LISTED.findall(head):
        headers.setdefault(name.lower(), []).append(readable(value))
    return Mail(
        id=mail_id,
        sender=first(headers, "from"),
        to=tuple(headers.get("delivered-to", ())),
        subject=first(headers, "subject"),
        message_id=first(headers, "message-id"),
        received_at=datetime.fromtimestamp(int(mail_id) / 1e9, tz=UTC),
    )


def first(headers: dict[str, list[str]], name: str) -> str:
    return headers.get(name, [""])[0]


def readable(value: str) -> str:
    """A header's value on one line, =?encoded?= words decoded; one that is broken as it came."""
    value = BLANKS.sub(" ", value).strip()
    if "=?" in value:
        with contextlib.suppress(LookupError, ValueError):
            value = BLANKS.sub(" ", str(make_header(decode_header(value))))
    return value
