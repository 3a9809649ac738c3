"""A mail server to send to, and a process that has not been told to stop."""

import socket
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from deliveries import dispatch
from deliveries.gate import gate
from deliveries.providers import pool
from tests.deliveries.http_api import Api, http_api
from tests.deliveries.smtp_server import MailServer, mail_server

# Short, so that a test of a server that hangs takes a second; the lease keeps its proportion.
QUICK = {"provider_timeout": 1, "delivery_lease": 10, "sweep_interval": 0.1}


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> Iterator[None]:
    settings.HUB = settings.HUB | QUICK
    settings.EMAIL_BACKEND = "deliveries.providers.smtp.SmtpBackend"
    dispatch.stopping.clear()
    gate.reset()
    yield
    dispatch.join(10)
    pool.close()


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    """A server that accepts everything; change `mail.behaviour` to make it misbehave."""
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def api() -> Iterator[Api]:
    with http_api() as server:
        yield server


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
