"""Django's SMTP backend, for the record: the server's last words, a deadline, and whether the payload had begun."""

import smtplib
import socket
import time
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from hub.conf import conf
from hub.outbound import dial

GO_AHEAD = 354
QUIT_SECONDS = 2


class _Watched:
    """Mixed into smtplib's clients. A deadline covers the whole exchange, where a socket's timeout covers each reply: a
    server that answers every command just in time would otherwise outlast the lease."""

    deadline: float
    # the server has said "go ahead" to DATA: from here on it may have the message, whatever happens to the connection
    payload_begun = False
    last_reply: tuple[int, bytes] = (0, b"")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.deadline = time.monotonic() + conf.provider_timeout
        super().__init__(*args, **kwargs)

    def begin(self) -> None:
        """A new message begins."""
        self.deadline = time.monotonic() + conf.provider_timeout
        self.payload_begun = False

    def getreply(self) -> tuple[int, bytes]:
        if self.sock:  # type: ignore[attr-defined]
            # at least an instant: a socket whose timeout is 0 doesn't block at all
            self.sock.settimeout(max(self.deadline - time.monotonic(), 0.001))  # type: ignore[attr-defined]
        self.last_reply = super().getreply()  # type: ignore[misc]
        self.payload_begun = self.payload_begun or self.last_reply[0] == GO_AHEAD
        return self.last_reply

    def quit(self) -> tuple[int, bytes]:
        self.deadline = time.monotonic() + QUIT_SECONDS
        reply: tuple[int, bytes] = super().quit()  # type: ignore[misc]
        return reply


class _Guarded(smtplib.SMTP):
    """Connects to public addresses alone. `SMTP_SSL`, before it in the order of classes, has its connections from here."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return dial(host, port, timeout=timeout)


class _Client(_Watched, smtplib.SMTP):
    pass


class _SslClient(_Watched, smtplib.SMTP_SSL):
    pass


class _GuardedClient(_Watched, _Guarded):
    pass


class _GuardedSslClient(_Watched, smtplib.SMTP_SSL, _Guarded):
    pass


class SmtpBackend(EmailBackend):
    """One connection, kept open between messages until one of them fails.

    After a send, `message.provider_answer` holds the server's final reply. What is raised carries `payload_begun`: when
    that is False, nothing can have been sent. `guarded`: the server is a stranger's choice.
    """

    def __init__(self, *args: Any, guarded: bool = False, **kwargs: Any) -> None:
        self.guarded = guarded
        super().__init__(*args, **{"timeout": conf.provider_timeout} | kwargs)

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        if self.guarded:
            return _GuardedSslClient if self.use_ssl else _GuardedClient
        return _SslClient if self.use_ssl else _Client

    def _send(self, email_message: EmailMessage) -> bool:
        client: Any = self.connection
        client.begin()
        try:
            sent: bool = super()._send(email_message)  # type: ignore[misc]
        except Exception as error:
            error.payload_begun = client.payload_begun  # type: ignore[attr-defined]
            raise
        code, text = client.last_reply
        email_message.provider_answer = f"{code} {text.decode(errors='replace')}"  # type: ignore[attr-defined]
        return sent

    def abandon(self) -> None:
        """Drop the connection without a word: after a failure, QUIT would wait for an answer that may never come."""
        for name in ("connection", "_partial_connection"):
            if client := getattr(self, name):
                client.close()
            setattr(self, name, None)
