"""A real SMTP server on loopback that misbehaves on demand."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HANG = "hang"
DROP = "drop"


@dataclass
class MailServer:
    """`behaviour`: what to do at each stage (ehlo, mail, rcpt, data, payload): a reply, HANG or DROP; else accept.

    `payload` is the stage after the message came: it is kept in `received` before anything goes wrong there.
    """

    behaviour: dict[str, str] = field(default_factory=dict)
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def act(self, server: SMTP, stage: str) -> str | None:
        wish = self.behaviour.get(stage)
        if wish == HANG:
            await asyncio.sleep(60)
        if wish == DROP:
            server.transport.abort()  # type: ignore[union-attr]
            await asyncio.sleep(60)
        return wish

    async def handle_MAIL(self, server: SMTP, s: Session, e: Envelope, address: str, options: list[str]) -> str:
        reply = await self.act(server, "mail")
        if reply is None:
            e.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(self, server: SMTP, s: Session, e: Envelope, address: str, options: list[str]) -> str:
        reply = await self.act(server, "rcpt")
        if reply is None:
            e.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        reply = self.behaviour.get("payload", "250 queued as 4711")
        if reply in (HANG, DROP) or reply.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            self.recipients.append(list(envelope.rcpt_tos))
        await self.act(server, "payload")
        return reply


class _Smtp(SMTP):
    def connection_made(self, transport: Any) -> None:
        self.event_handler.connections += 1
        super().connection_made(transport)

    async def smtp_EHLO(self, hostname: str) -> None:
        await self.event_handler.act(self, "ehlo")
        await super().smtp_EHLO(hostname)

    async def smtp_DATA(self, arg: str) -> None:
        reply = await self.event_handler.act(self, "data")
        await (self.push(reply) if reply else super().smtp_DATA(arg))


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Smtp(self.handler, hostname="mail.test")

    def _trigger_server(self) -> None:
        """Called once it listens, to connect to it: by now the port is known."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(**behaviour: str) -> Iterator[MailServer]:
    """`mail_server(rcpt="550 no such user")`. Listens on a free port of 127.0.0.1."""
    server = MailServer(behaviour)
    controller = _Controller(server, hostname="127.0.0.1", port=0)
    controller.start()
    server.port, server.connections = controller.port, 0
    try:
        yield server
    finally:
        controller.stop(no_assert=True)
