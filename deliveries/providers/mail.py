"""What every provider of email has in common: a backend of Django's, lent to one thread at a time."""

import asyncio
from abc import abstractmethod
from typing import Any

from anymail.message import AnymailMessage

from deliveries.providers.base import Blocking, Sent
from deliveries.providers.connections import Connections, drop
from deliveries.providers.errors import Configuration, Permanent, SendError, Transient
from deliveries.providers.mail_errors import decide
from deliveries.providers.mail_message import LONGEST_SUBJECT, build
from hub.fallback.work import Work
from hub.providers.accounts import Account
from hub.providers.settings import Setting

MAIL_SETTINGS = (
    Setting("from", 'The sender, such as "Shop <news@shop.example>"; the hub\'s own if not given.', required=False),
    Setting("reply_to", "Where answers go, if not to the sender.", required=False),
)


class Mail(Blocking):
    """Say in `backend` through whom."""

    channel = "email"
    limits = {"subject": LONGEST_SUBJECT}

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.connections = Connections(self._connect)

    @abstractmethod
    def backend(self) -> Any:
        """A backend of Django's. Whatever it raises, no message has left."""

    def deliver_waiting(self, work: Work) -> Sent:
        message = build(work)
        self.give(message)
        status = message.anymail_status
        code, _, answer = getattr(message, "provider_answer", "").partition(" ")
        return Sent(message_id=str(status.message_id or ""), code=code, answer=answer)

    def give(self, message: AnymailMessage) -> None:
        """Give the message to the backend, on a connection of its own. Raises SendError."""
        with self.connections.lend() as connection:
            try:
                sent = connection.send_messages([message])
            except SendError:
                raise
            except Exception as error:
                raise decide(error, payload_begun=getattr(error, "payload_begun", None)) from error
            if not sent:
                raise Permanent("not_sent", "the backend declined to send it")

    async def idle(self) -> None:
        await asyncio.to_thread(self.connections.close)

    def _connect(self) -> Any:
        try:
            connection = self.backend()
        except SendError:
            raise
        except Exception as error:
            raise Configuration(type(error).__name__, str(error)) from error
        try:
            connection.open()
        except Exception as error:
            drop(connection)
            raise _not_opened(error) from error
        return connection


def _not_opened(error: Exception) -> SendError:
    if isinstance(error, SendError):
        return error
    decision = decide(error, payload_begun=False)
    return decision if isinstance(decision, Configuration) else Transient(decision.code, decision.answer)
