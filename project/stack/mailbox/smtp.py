"""The SMTP side of the mail sink: as much of RFC 5321 as a client needs to hand a mail over.

Our own, not aiosmtpd's, because a sink that takes 600 mails a second would be what a measurement of the hub measures:
aiosmtpd reads a mail line by line, this looks for its end in what has arrived, and takes several thousand.
"""

import asyncio
import re

from project.stack.mailbox.store import MailStore

LINE_LIMIT = 4_096  # bytes of a command
MAIL_LIMIT = 32 * 1024 * 1024  # bytes of a mail
RECIPIENT_LIMIT = 1_000
END = b"\r\n.\r\n"
PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>", re.IGNORECASE)
GREETING = f"250-mailbox\r\n250-SIZE {MAIL_LIMIT}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING"


class SmtpConnection(asyncio.Protocol):
    """One client. A mail is kept before it is answered with 250."""

    def __init__(self, store: MailStore) -> None:
        self.store = store
        self._buffer = bytearray()
        self._looked_at = 0  # bytes of the buffer that are known not to hold a mail's end
        self._in_mail = False
        self._sender: str | None = None
        self._recipients: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's own signature is wider than what it does
        self._transport = transport
        self._answer("220 mailbox ready")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._transport.is_closing() and (self._take_mail() if self._in_mail else self._take_command()):
            pass

    def _take_command(self) -> bool:
        """Act on the next line; False if it isn't complete yet."""
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > LINE_LIMIT:
                self._hang_up("500 line too long")
            return False
        line = self._buffer[:end].decode(errors="replace")
        del self._buffer[: end + 2]
        verb, _, rest = line.partition(" ")
        self._command(verb.upper(), rest)
        return True

    def _command(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO" | "HELO":
                self._reset()
                self._answer(GREETING if verb == "EHLO" else "250 mailbox")
            case "MAIL" | "RCPT":
                self._address(verb, PATH.match(rest))
            case "DATA":
                self._start_mail()
            case "RSET" | "NOOP":
                self._reset() if verb == "RSET" else None
                self._answer("250 OK")
            case "QUIT":
                self._hang_up("221 bye")
            case _:
                self._answer("502 not here")

    def _address(self, verb: str, path: re.Match[str] | None) -> None:
        if path is None:
            self._answer("501 an address in <> is needed")
        elif verb == "MAIL":
            self._reset()
            self._sender = path[1]
            self._answer("250 OK")
        elif self._sender is None:
            self._answer("503 MAIL first")
        elif len(self._recipients) >= RECIPIENT_LIMIT:
            self._answer("452 too many recipients")
        else:
            self._recipients.append(path[1])
            self._answer("250 OK")

    def _start_mail(self) -> None:
        if not self._recipients:
            self._answer("503 RCPT first")
            return
        # The line end before the first line lets one search find the end of an empty mail too.
        self._buffer[:0] = b"\r\n"
        self._in_mail, self._looked_at = True, 0
        self._answer("354 go on")

    def _take_mail(self) -> bool:
        """Keep the mail in the buffer; False if its end has not arrived yet."""
        end = self._buffer.find(END, self._looked_at)
        if end < 0:
            self._looked_at = max(0, len(self._buffer) - len(END) + 1)
            if len(self._buffer) > MAIL_LIMIT:
                self._hang_up("552 too large")
            return False
        content = bytes(self._buffer[2 : end + 2]).replace(b"\r\n..", b"\r\n.").removeprefix(b".")
        del self._buffer[: end + len(END)]
        mail = self.store.add(content, sender=self._sender or "", recipients=self._recipients)
        self._in_mail = False
        self._reset()
        self._answer(f"250 kept as {mail.id}")
        return True

    def _reset(self) -> None:
        self._sender, self._recipients = None, []

    def _answer(self, text: str) -> None:
        self._transport.write(text.encode() + b"\r\n")

    def _hang_up(self, text: str) -> None:
        self._answer(text)
        self._transport.close()


async def listen(store: MailStore, host: str, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: SmtpConnection(store), host, port, backlog=1024)
