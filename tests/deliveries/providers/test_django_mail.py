"""Promise: whatever a mail server does, at whatever stage, the attempt ends in time with the right decision."""

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from deliveries.providers.base import Receipt, Sent
from deliveries.providers.django_mail import DjangoMail
from hub.fallback.work import Work
from hub.loop import run
from hub.providers.accounts import Account
from tests.deliveries.conftest import HASTY, POSTMARK
from tests.deliveries.smtp_server import DROP, HANG, MailServer
from tests.support.receiver import Receiver, says
from tests.support.works import make_work


def carry(provider: DjangoMail, *works: Work) -> list[Receipt]:
    return list(run(provider.send(works), timeout=30))


def idle(provider: DjangoMail) -> None:
    run(provider.idle(), timeout=20)


def make() -> DjangoMail:
    return DjangoMail(Account("hub.mail", "django", "mail", "email"))


def outcome_of(receipt: Receipt) -> str:
    return "sent" if isinstance(receipt, Sent) else str(receipt.outcome)


def send() -> tuple[str, str, str]:
    provider = make()
    (receipt,) = carry(provider, make_work())
    run(provider.close(), timeout=20)
    return outcome_of(receipt), receipt.code, receipt.answer


def test_a_message_arrives_as_it_was_built(mail: MailServer) -> None:
    assert send() == ("sent", "250", "queued as 4711")
    (message,) = mail.received
    assert mail.recipients == [["alice@example.com"]]
    assert (message["Subject"], message["To"]) == ("Hello", "alice@example.com")
    assert message["Message-ID"] == "<01932d3f-0000-7000-8000-000000000001.0@127.0.0.1>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Bcc" not in message
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().split() == ["Hello", "A", "line."]
    assert "<h1" in html.get_content()


@pytest.mark.parametrize(
    ("stage", "behaviour", "outcome", "arrives"),
    [
        ("rcpt", "450 later", "throttled", 0),
        ("rcpt", "550 no such user", "address_dead", 0),
        ("rcpt", "552 full", "permanent", 0),
        ("mail", "421 closing", "transient", 0),
        ("mail", "550 not you", "configuration", 0),
        ("data", "554 no", "permanent", 0),
        ("payload", "554 spam", "permanent", 0),
        ("payload", "451 later", "throttled", 0),
        ("ehlo", DROP, "transient", 0),
        ("mail", DROP, "transient", 0),
        ("rcpt", DROP, "transient", 0),
        ("data", DROP, "transient", 0),
        ("payload", DROP, "ambiguous", 1),
        ("ehlo", HANG, "transient", 0),
        ("mail", HANG, "transient", 0),
        ("rcpt", HANG, "transient", 0),
        ("data", HANG, "transient", 0),
        ("payload", HANG, "ambiguous", 1),
    ],
)
def test_a_server_that_misbehaves(
    mail: MailServer, settings: Settings, stage: str, behaviour: str, outcome: str, arrives: int
) -> None:
    if behaviour == HANG:
        settings.HUB = settings.HUB | HASTY
    mail.behaviour[stage] = behaviour
    got, code, answer = send()
    assert got == outcome
    assert len(mail.received) == arrives
    if behaviour not in (HANG, DROP):
        assert f"{code} {answer}" == behaviour


def test_a_server_that_is_not_there_is_transient(settings: Settings, free_port: int) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port
    assert send()[:2] == ("transient", "ConnectionRefusedError")


def test_a_name_that_does_not_resolve_is_transient(settings: Settings) -> None:
    settings.EMAIL_HOST = "no-such-host.invalid"
    assert send()[0] == "transient"


def test_a_backend_that_does_not_exist_is_configuration(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "no.such.Backend"
    assert send()[0] == "configuration"


def test_one_connection_carries_many_messages_until_it_fails(mail: MailServer) -> None:
    provider = make()
    carry(provider, *[make_work() for _ in range(5)])
    assert (len(mail.received), mail.connections) == (5, 1)
    mail.behaviour["rcpt"] = "550 no such user"
    carry(provider, make_work())
    mail.behaviour.clear()
    carry(provider, make_work(), make_work())
    assert (len(mail.received), mail.connections) == (7, 2)
    idle(provider)
    carry(provider, make_work())
    assert mail.connections == 3
    idle(provider)


def test_a_connection_that_the_server_dropped_meanwhile_costs_no_message(mail: MailServer) -> None:
    provider = make()
    carry(provider, make_work())
    mail.behaviour["mail"] = DROP
    (receipt,) = carry(provider, make_work())
    assert outcome_of(receipt) == "transient"
    mail.behaviour.clear()
    (receipt,) = carry(provider, make_work())
    assert outcome_of(receipt) == "sent"
    idle(provider)


def test_any_django_backend_will_do(settings: Settings, mailoutbox: list[EmailMessage]) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send() == ("sent", "", "")
    assert [message.subject for message in mailoutbox] == ["Hello"]


@pytest.mark.parametrize(
    ("status", "outcome", "retry_after"),
    [
        (200, "sent", None),
        (429, "throttled", 30),
        (401, "configuration", None),
        (413, "permanent", None),
        (500, "ambiguous", None),
        (None, "ambiguous", None),
    ],
)
def test_an_api_over_http(
    settings: Settings, api: Receiver, status: int | None, outcome: str, retry_after: float | None
) -> None:
    api.act = says(status, POSTMARK, Retry_After="30") if status else api.hang
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    patience = 20 if status else 1
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": api.url(), "REQUESTS_TIMEOUT": patience}
    provider = make()
    (receipt,) = carry(provider, make_work())
    idle(provider)
    assert outcome_of(receipt) == outcome
    assert getattr(receipt, "retry_after", None) == retry_after
    assert getattr(receipt, "message_id", "") == ("m-1" if outcome == "sent" else "")
    (got,) = api.got
    assert got.event["Metadata"] == {"delivery_id": "01932d3f-0000-7000-8000-000000000001"}
