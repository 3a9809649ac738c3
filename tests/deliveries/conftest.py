"""Servers to send to, and a process in which nothing of an earlier test goes on."""

import socket
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from deliveries import dispatch, webhooks, withdrawals
from deliveries.gate import gate
from deliveries.providers import pool
from hub.fallback import destinations
from hub.tenancy.models import Tenant
from hub.webhooks.models import Webhook
from hub.webhooks.services import create_webhook
from project.emulators.serving import serving
from tests.deliveries.providers.pushes import Phones, apns_account, fcm_account, web_push_account
from tests.deliveries.smtp_server import MailServer, mail_server
from tests.support.fake_provider import KINDS, FakeChat
from tests.support.outbound import let_in
from tests.support.receiver import Receiver, running_receiver, says

POSTMARK = b'{"ErrorCode": 0, "Message": "OK", "MessageID": "m-1", "To": "alice@example.com"}'
# For what hangs: its neighbours have all the time that they have in production.
HASTY = {"provider_timeout": 1, "delivery_lease": 10}


@pytest.fixture(autouse=True)
def _at_rest(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    """Nothing of one test is under way, known or forbidden in the next."""
    if "transactional_db" in request.fixturenames:
        request.getfixturevalue("transactional_db")  # to be emptied when all is over, not before
    settings.EMAIL_BACKEND = "deliveries.providers.smtp.SmtpBackend"
    gate.reset()
    yield
    assert dispatch.join(30), "the next test would find this one's calls under way"
    assert webhooks.join(30), "the next test would find this one's posts under way"
    assert withdrawals.join(30), "the next test would find this one's withdrawals under way"
    dispatch.stopping.clear()
    pool.close()


@pytest.fixture
def hasty(settings: Settings) -> None:
    """No call may last longer than a second: for tests that wait until one is given up."""
    settings.HUB = settings.HUB | HASTY


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    """A server that accepts everything; change `mail.behaviour` to make it misbehave."""
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def api() -> Iterator[Receiver]:
    """An email service's: it takes whatever is posted, and answers as Postmark does. Change `api.act`."""
    with running_receiver() as receiver:
        receiver.act = says(200, POSTMARK)
        yield receiver


@pytest.fixture
def phones(settings: Settings) -> Iterator[Phones]:
    """The emulators of push, with an account of the hub's for each."""
    phones = Phones()
    with serving(phones.fcm, phones.apns, phones.web_push):
        let_in(settings, phones.fcm.url, phones.apns.url)
        accounts = [fcm_account(phones.fcm), apns_account(phones.apns), web_push_account()]
        providers = {account.key: {"kind": account.kind, **account.config} for account in accounts}
        settings.HUB |= {"providers": providers}
        yield phones


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        let_in(settings, receiver.url())
        yield receiver


@pytest.fixture
def webhook(tenant: Tenant, receiver: Receiver) -> Webhook:
    return create_webhook(tenant=tenant, url=receiver.url("/"), events=["*"])


@pytest.fixture
def two_chats(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`chat` reaches addresses of email, through two accounts with the fake."""
    FakeChat.reset()
    two = {"first": {"kind": "fake_chat"}, "second": {"kind": "fake_chat"}}
    settings.HUB = settings.HUB | {"provider_kinds": KINDS, "providers": two, "retry_attempts": 50}
    monkeypatch.setitem(destinations.RESOLVERS, "chat", destinations.RESOLVERS["email"])
    yield
    FakeChat.open_gate.set()


@pytest.fixture
def fake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeChat]]:
    """`chat` reaches addresses of email, through the fake."""
    FakeChat.reset()
    settings.HUB = settings.HUB | {
        "provider_kinds": KINDS,
        "providers": {"mail": {"kind": "django"}, "talk": {"kind": "fake_chat"}},
        "delivery_concurrency": 4,
    }
    monkeypatch.setitem(destinations.RESOLVERS, "chat", destinations.RESOLVERS["email"])
    yield FakeChat
    FakeChat.open_gate.set()
