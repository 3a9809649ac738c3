"""Promise: an account's own mail server is used as it says, and leads a tenant nowhere inside."""

from typing import Any

import pytest
from pytest_django import Settings

from deliveries.providers.base import Receipt
from deliveries.providers.errors import Configuration
from deliveries.providers.smtp_mail import SmtpMail
from hub.ids import uuid7
from hub.providers.accounts import Account
from tests.deliveries.smtp_server import MailServer
from tests.support.outbound import let_in
from tests.support.works import carry, make_account, make_work


def account(config: dict[str, Any], *, of: str = "") -> Account:
    return make_account("smtp", config, id=of or str(uuid7()))


def send(config: dict[str, Any], *, of: str = "") -> Receipt:
    mine = account(config, of=of)
    (receipt,) = carry(mine, make_work(account=mine))
    return receipt


def server(mail: MailServer, **more: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": mail.port, "security": "none", **more}


def test_a_message_goes_through_the_accounts_own_server(mail: MailServer, settings: Settings) -> None:
    settings.EMAIL_PORT, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = 1, "hub", "the hub's own"
    let_in(settings, f"smtp://127.0.0.1:{mail.port}")
    sender = {"from": "Shop <news@shop.example>", "reply_to": "help@shop.example"}
    assert send(server(mail, **sender)).outcome == "sent"
    (message,) = mail.received
    assert (message["From"], message["Reply-To"]) == ("Shop <news@shop.example>", "help@shop.example")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "0x7f000001", "2130706433", "169.254.169.254"])
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_no_tenant_reaches_a_server_inside(mail: MailServer, host: str, security: str) -> None:
    receipt = send({"host": host, "port": mail.port, "security": security})
    assert receipt.outcome in ("configuration", "transient")
    assert mail.connections == 0


def test_the_hubs_own_account_may_name_a_server_inside(mail: MailServer) -> None:
    assert send(server(mail), of="hub.mail").outcome == "sent"


def test_a_server_that_shows_no_certificate_gets_nothing(mail: MailServer, settings: Settings) -> None:
    let_in(settings, f"smtp://127.0.0.1:{mail.port}")
    for security in ("starttls", "tls"):
        assert send({"host": "127.0.0.1", "port": mail.port, "security": security}).outcome != "sent"
    assert not mail.received


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({}, "no_host"),
        ({"host": "mail.example", "security": "none", "password": "p"}, "password_in_clear"),
        ({"host": "mail.example", "port": 70_000}, "port"),
        ({"host": "mail.example", "port": 1.5}, "port"),
    ],
)
def test_an_account_that_can_not_work(config: dict[str, Any], code: str) -> None:
    with pytest.raises(Configuration) as refused:
        SmtpMail(account(config))
    assert refused.value.code == code
