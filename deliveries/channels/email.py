"""Email, through whatever Django's `EMAIL_BACKEND` names: SMTP by default, or any Anymail backend."""

from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import get_connection

from deliveries.channels.base import OneByOne, Sent
from deliveries.channels.connections import Connections
from deliveries.channels.email_errors import decide
from deliveries.channels.email_message import build
from deliveries.channels.errors import Configuration, Permanent, SendError, Transient
from hub.fallback.claims import Work


class EmailChannel(OneByOne):
    """A delivery may be tried once more after an attempt of unknown outcome: two copies at most."""

    max_unknowns = 2

    def __init__(self) -> None:
        self._connections = Connections(_connect)

    @property
    def provider(self) -> str:
        return str(settings.EMAIL_BACKEND)

    def deliver(self, work: Work) -> Sent:
        message = build(work)
        with self._connections.lend() as connection:
            return _send(connection, message)

    def idle(self) -> None:
        self._connections.close()


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
