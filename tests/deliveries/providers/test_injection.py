"""Promise: no value that reaches a header, of a mail, of HTTP or of a push, can add another one, or another request.

Every text that a stranger, a tenant or a device has a say in ends in a line break of some kind and a header of its own; each
provider sends it over a real connection, and what arrived is looked at."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from pytest_django import Settings

from deliveries.providers.errors import Configuration
from hub.fallback.work import Work
from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from project.emulators.apns import Apns
from project.emulators.base import Emulator
from project.emulators.recorder import Message
from tests.deliveries.providers.pushes import DEVICE, apns_account
from tests.deliveries.providers.subjects import ALICE, SUBJECTS, Subject
from tests.deliveries.providers.test_chat import INJECTIONS as MARKUP
from tests.deliveries.smtp_server import MailServer
from tests.support.outbound import let_in
from tests.support.works import carry, make_account, make_work

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
NAME = "X-Injected"
LINE_BREAKS = ("\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")
EVILS = (*(f"{end}{NAME}: 1" for end in LINE_BREAKS), f"\r\n\r\nPOST /{NAME} HTTP/1.1\r\n{NAME}: 1\r\n\r\n")
# making an account takes as long as many messages
OF_ACCOUNTS = EVILS[:1]
ANOTHER = re.compile(rf"[{''.join(LINE_BREAKS)}]\s*(POST /)?{NAME}", re.IGNORECASE)

WORDS = {
    **{"title": "Hello", "subject": "Hello", "from_name": "Shop", "action_url": "https://shop.example/1"},
    **{"sound": "bell", "collapse_id": "order-1", "image": "https://shop.example/1.png"},
}
OF_WORK = {
    **{"group_key": "order", "event": "order.shipped", "category": "orders", "tenant": "acme"},
    **{"name": "Alice", "locale": "en", "request_id": "r-1", "unsubscribe_url": "https://hub.example/u/1"},
}
# in JSON, forms and queries, whatever is written in them
INJECTIONS = [
    *MARKUP,
    'x", "to": "+1999", "y": "',
    "&to=%2B1999&To=+1999",
    "x\r\nX-To: +1999",
    "}]}",
    "{to}{text}",
    "a;b=c\\",
]
SPOKEN = [subject for subject in SUBJECTS if kind_class(subject.kind).channel in ("sms", "push")]
# what the sender is to be called, beside what an account must have
NAMED = {"from": "Shop <news@shop.example>", "reply_to": "help@shop.example"}


def works(evil: str, address: str, data: Mapping[str, Any]) -> Iterator[Work]:
    """One for each value that a work has."""
    for name, value in WORDS.items():
        yield make_work({name: value + evil}, address=address, data=data)
    for name, value in OF_WORK.items():
        yield make_work(address=address, data=data, **{name: value + evil})
    yield make_work(address=address + evil, data=data)
    for name, value in data.items():
        if isinstance(value, str):
            yield make_work(address=address, data={**data, name: value + evil})


def accounts(evil: str, kind: str, config: Mapping[str, Any]) -> Iterator[Account]:
    """One for each text that an account has."""
    for name, value in config.items():
        if isinstance(value, str):
            yield make_account(kind, {**config, name: value + evil})


def spoil(kind: str, config: Mapping[str, Any], address: str, data: Mapping[str, Any]) -> int:
    """Send everything, spoilt in every way. Returns how many there were."""
    every = [work for evil in EVILS for work in works(evil, address, data)]
    carry(make_account(kind, config), *every)
    spoilt = [account for evil in OF_ACCOUNTS for account in accounts(evil, kind, config)]
    for account in spoilt:
        with suppress(Configuration):
            carry(account, make_work(address=address, data=data))
    return len(every) + len(spoilt)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_over_http(subject: Subject, emulator: Emulator) -> None:
    config, data = subject.config_for(emulator.url), subject.data(emulator.url)
    if subject.kind == "anymail":
        config |= NAMED
    (control,) = carry(make_account(subject.kind, config), make_work(address=subject.address, data=data))
    assert control.outcome == "sent"
    count = spoil(subject.kind, config, subject.address, data)
    assert len(emulator.recorder.asked()) <= 1 + count
    look_at(emulator.recorder.asked())
    for message in emulator.recorder.asked() if subject.kind == "anymail" else ():
        bodies = (message.body, message.html)
        assert [text for text in texts(message.asked) if text not in bodies and ANOTHER.search(text)] == []


def test_over_http2(apns: Apns) -> None:
    account = apns_account(apns)
    data = {"platform": "apns", "token": DEVICE, "app": "com.example", "environment": "production"}
    (control,) = carry(account, make_work(data=data))
    assert control.outcome == "sent"
    spoil("apns", account.config, "01932d3f", data)
    look_at(apns.recorder.asked())


def test_over_smtp(mail: MailServer, settings: Settings) -> None:
    let_in(settings, f"smtp://127.0.0.1:{mail.port}")
    config = {"host": "127.0.0.1", "port": mail.port, "security": "none", **NAMED}
    (control,) = carry(make_account("smtp", config), make_work(address=ALICE))
    assert control.outcome == "sent"
    spoil("smtp", config, ALICE, {})
    assert {tuple(recipients) for recipients in mail.recipients} == {(ALICE,)}
    for message in mail.received:
        assert NAME not in message
        assert [str(value) for value in message.values() if ANOTHER.search(str(value))] == []


@pytest.mark.parametrize("subject", SPOKEN, ids=lambda subject: subject.name)
def test_what_is_said_is_text(subject: Subject, emulator: Emulator) -> None:
    """In the body of the request it stays in its place, whatever that is written in. Chats have a test of their own."""
    account = make_account(subject.kind, subject.config_for(emulator.url))
    data = subject.data(emulator.url)
    said = [f"Body {value}" for value in INJECTIONS]
    carry(account, *(make_work({"body": body}, address=subject.address, data=data) for body in said))
    arrived = emulator.recorder.taken()
    assert [message.body for message in arrived] == said
    assert {message.to.lstrip("+") for message in arrived} == {arrived[0].to.lstrip("+")}
    assert len({shape(message.asked) for message in arrived}) <= 2  # Vonage tells it apart from GSM's letters


def shape(asked: Any) -> str:
    """The names of what was asked for, at every depth."""
    if isinstance(asked, dict):
        return f"{{{', '.join(f'{name}: {shape(asked[name])}' for name in sorted(asked))}}}"
    return f"[{', '.join(map(shape, asked))}]" if isinstance(asked, list) else ""


def look_at(arrived: Sequence[Message]) -> None:
    """At the headers of every request that arrived."""
    for message in arrived:
        assert NAME.lower() not in message.headers
        assert [value for value in message.headers.values() if ANOTHER.search(value)] == []


def texts(value: Any) -> Iterator[str]:
    """Every text in what was asked for, the names of its fields included."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from (name, *texts(one))
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    else:
        yield str(value)
