"""Promise: a notification becomes one message to one address; no value in it can add a header or a recipient."""

from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from pytest_django import Settings

from deliveries.providers.errors import AddressDead, Permanent
from deliveries.providers.mail_message import build
from tests.support.works import make_work

INJECTIONS = [
    "a\r\nBcc: eve@evil.example",
    "a\nb",
    "a\rb",
    "a\x00b",
    "a\x0bb",
    "a\x0cb",
    "a\x1cb",
    "a\x85b",
    "a\u2028b",
]


def html_of(content: dict[str, str]) -> str:
    ((html, kind),) = build(make_work(content)).alternatives
    assert kind == "text/html"
    return str(html)


def test_the_message(settings: Settings) -> None:
    settings.HUB = settings.HUB | {"public_url": "https://hub.example", "from_email": "Acme <no-reply@acme.example>"}
    message = build(make_work({"title": "Hi <you>", "body": "One & two\n\nthree", "action_url": "/orders/7"}))
    assert (message.subject, message.to, message.from_email) == (
        "Hi <you>",
        ["alice@example.com"],
        "Acme <no-reply@acme.example>",
    )
    assert message.body == "Hi <you>\n\nOne & two\n\nthree\n\nhttps://hub.example/orders/7\n"
    assert message.extra_headers == {
        "Message-ID": "<01932d3f-0000-7000-8000-000000000001.0@hub.example>",
        "Auto-Submitted": "auto-generated",
    }
    assert message.metadata == {"delivery_id": "01932d3f-0000-7000-8000-000000000001"}
    html = str(message.alternatives[0][0])
    assert "Hi &lt;you&gt;" in html
    assert "<p>One &amp; two</p>" in html
    assert 'href="https://hub.example/orders/7"' in html


def test_html_is_sanitised_again() -> None:
    html = html_of({"html": "<b>bold</b><script>alert(1)</script><img src=x onerror=alert(1)>"})
    assert "<b>bold</b>" in html
    assert "script" not in html
    assert "onerror" not in html


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "http://[broken", ""])
def test_a_link_that_should_not_be_followed_is_left_out(url: str) -> None:
    assert "<a " not in html_of({"action_url": url})


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        ({"title": "  Tabs\tand spaces "}, "Tabs and spaces"),
        ({"title": "", "body": "First line\nsecond"}, "First line"),
        ({"title": "", "body": ""}, "comment.created"),
        ({"title": "x" * 500}, "x" * 200),
        ({"title": "Приветствие 👋"}, "Приветствие 👋"),
    ],
)
def test_the_subject_is_one_line(content: dict[str, str], subject: str) -> None:
    assert build(make_work(content)).subject == subject


@pytest.mark.parametrize("value", INJECTIONS)
def test_a_title_with_a_line_break_is_refused(value: str) -> None:
    with pytest.raises(Permanent, match="header_injection"):
        build(make_work({"title": value}))


@pytest.mark.parametrize("value", INJECTIONS)
def test_an_address_with_a_line_break_is_refused(value: str) -> None:
    with pytest.raises(Permanent, match="header_injection"):
        build(make_work(address=f"{value}@example.com"))


@pytest.mark.parametrize("value", INJECTIONS)
def test_a_sender_with_a_line_break_is_refused(settings: Settings, value: str) -> None:
    settings.HUB = settings.HUB | {"from_email": f"{value} <hub@example.com>"}
    with pytest.raises(Permanent, match="header_injection"):
        build(make_work())


@pytest.mark.parametrize(
    "address", ["", "alice", "a@x.example, b@y.example", "Eve <eve@evil.example>", "a b@x.example"]
)
def test_what_is_not_exactly_one_address_is_dead(address: str) -> None:
    with pytest.raises(AddressDead, match="invalid_address"):
        build(make_work(address=address))


def test_an_override_is_the_subject_and_the_senders_name_never_the_address() -> None:
    message = build(make_work({"title": "Title", "subject": "Subject", "from_name": 'Zoë "Z", Acme'}))
    assert message.subject == "Subject"
    name, address = parseaddr(str(message.message()["From"]))
    assert (str(make_header(decode_header(name))), address) == ('Zoë "Z", Acme', "hub@localhost")
    with pytest.raises(Permanent):
        build(make_work({"from_name": "a\r\nBcc: x@example.com"}))
