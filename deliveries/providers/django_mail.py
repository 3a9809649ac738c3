"""Email, through whatever Django's `EMAIL_BACKEND` names: SMTP by default, or any Anymail backend."""

import asyncio
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import get_connection

from deliveries.providers.base import Blocking, Sent
from deliveries.providers.connections import Connections
from deliveries.providers.errors import Configuration, Permanent, SendError, Transient
from deliveries.providers.mail_errors import decide
from deliveries.providers.mail_message import build
from hub.fallback.work import Work
from hub.providers.accounts import Account


class DjangoMail(Blocking):
    """The project's own mail settings."""

    channel = "email"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._connections = Connections(_connect)

    def call(self, work: Work) -> Sent:
        message = build(work)
        with self._connections.lend() as connection:
            return _send(connection, message)

    async def idle(self) -> None:
        await asyncio.to_thread(self._connections.close)


def _connect() -> Any:
    """An opened connection. Whatever goes wrong up to here, no message has left."""
    try:
        connection = get_connection(settings.EMAIL_BACKEND)
    except Exception as error:
        raise Configuration(type(error).__name__, str(error)) from error
    try:
        connection.open()
    except Exception as error:
        raise _not_opened(error) from error
    return connection


def _not_opened(error: Exception) -> SendError:
    decision = decide(error, payload_begun=False)
    return decision if isinstance(decision, Configuration) else Transient(decision.code, decision.answer)


def _send(connection: Any, message: AnymailMessage) -> Sent:
    try:
        sent = connection.send_messages([message])
    except Exception as error:
        raise decide(error, payload_begun=getattr(error, "payload_begun", None)) from error
    if not sent:
        raise Permanent("not_sent", "the backend declined to send it")
    status = message.anymail_status
    code, _, answer = getattr(message, "provider_answer", "").partition(" ")
    return Sent(message_id=str(status.message_id or ""), code=code, answer=answer)
