"""Promise: a notification becomes one message to one address; no value in it can add a header or a recipient."""

from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from pytest_django import Settings

from deliveries.providers.errors import AddressDead, Permanent
from deliveries.providers.mail_message import build
from hub.providers.accounts import Account
from hub.tenancy.branding import Branding
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


def test_what_can_be_stopped_says_how_with_one_click() -> None:
    url = "https://hub.example/api/v1/unsubscribe/token"
    headers = build(make_work(unsubscribe_url=url)).message()
    assert headers["List-Unsubscribe"] == f"<{url}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in build(make_work()).message()


def test_mails_of_a_group_are_one_thread_of_one_reader() -> None:
    def thread(**fields: str) -> str:
        headers = build(make_work(**fields)).message()
        assert headers["References"] == headers["In-Reply-To"]
        return str(headers["References"])

    first = thread(group_key="post:7", message_id="1.0")
    assert first == thread(group_key="post:7", message_id="2.0")
    assert "post" not in first
    others = [{"group_key": "post:8"}, {"tenant": "another"}, {"address": "bob@example.com"}]
    assert len({first, *(thread(**{"group_key": "post:7", **other}) for other in others)}) == 4


@pytest.mark.parametrize("value", INJECTIONS)
def test_a_group_with_a_line_break_adds_no_header(value: str) -> None:
    assert build(make_work(group_key=value)).message()["Bcc"] is None


@pytest.mark.parametrize("value", INJECTIONS)
def test_an_account_or_a_link_with_a_line_break_is_refused(value: str) -> None:
    for config in ({"from": f"{value} <shop@example.com>"}, {"reply_to": f"{value} <shop@example.com>"}):
        with pytest.raises(Permanent, match="header_injection"):
            build(make_work(account=Account("hub.mail", "django", "mail", "email", 1, config)))
    with pytest.raises(Permanent, match="header_injection"):
        build(make_work(unsubscribe_url=f"https://hub.example/{value}"))


def test_styles_of_a_mail_are_inlined_and_nothing_is_fetched() -> None:
    styled = "<style>.a { color: #123456 } @media (max-width: 480px) { .a { color: #654321 } }</style>"
    fetched = (
        '<link rel="stylesheet" href="http://127.0.0.1:1/x.css"><style>@import url(http://127.0.0.1:1/y.css);</style>'
    )
    html = html_of({"title": "Title", "html": f'{styled}{fetched}<p class="a">Hello</p>'})
    assert 'style="color: #123456' in html
    assert "@media" in html
    assert "<link" not in html
    assert "<h1" not in html  # it is laid out already


BRAND = Branding(
    name="Acme <Ltd>",
    logo_url="https://acme.example/l.png?a=1&b=2",
    colour="#ffd000",
    text_colour="#000000",
    address="Acme & Sons, 1 High Street, York",
    support_url="mailto:help@acme.example?subject=x",
)


def branded(content: dict[str, str], brand: Branding = BRAND) -> tuple[str, str]:
    """The text and the HTML."""
    message = build(make_work(content, branding=brand))
    return str(message.body), str(message.alternatives[0][0])


def test_the_hubs_own_layout_shows_the_tenant() -> None:
    text, html = branded({"title": "Hello", "body": "A line.", "action_url": "https://acme.example/"})
    assert text == (
        "Hello\n\nA line.\n\nhttps://acme.example/\n\nAcme & Sons, 1 High Street, York\nhelp@acme.example\n"
    )
    assert '<img src="https://acme.example/l.png?a=1&amp;b=2" alt="Acme &lt;Ltd&gt;" height="48"' in html
    assert "background:#ffd000;color:#000000" in html
    assert "Acme &amp; Sons, 1 High Street, York" in html
    assert '<a href="mailto:help@acme.example?subject=x">help@acme.example</a>' in html


def test_without_a_logo_it_shows_the_name_alone() -> None:
    text, html = branded({"title": "Hello", "body": "A line."}, Branding(name="Acme <Ltd>"))
    assert text == "Hello\n\nA line.\n"
    assert ">Acme &lt;Ltd&gt;</p>" in html
    assert "<img" not in html
    assert "None" not in html


STYLED = '<p style="color:#123456">Hello</p>'


@pytest.mark.parametrize("html", [STYLED, "<style>p { color: red }</style><p>Hello</p>", "<p>Hello</p>", ""])
def test_the_postal_address_is_in_every_mail(html: str) -> None:
    text, page = branded({"html": html})
    assert text.count("Acme & Sons, 1 High Street, York") == 1
    assert page.count("Acme &amp; Sons, 1 High Street, York") == 1


@pytest.mark.parametrize("html", [STYLED, ""])
def test_the_postal_address_is_there_once(html: str) -> None:
    text, page = branded({"html": f"{html}<p>Acme &amp; Sons, 1 High Street, York</p>", "body": f"x {BRAND.address}"})
    assert text.count("1 High Street") == 1
    assert page.count("1 High Street") == 1


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</title><script>alert(1)</script>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    "<style></style><script>alert(1)</script>",
    '<iframe src="https://evil.example"></iframe>',
    '<form action="https://evil.example"><input></form>',
    "{{ 7 | times: 7 }}{% include 'x' %}",
    "{{ settings.SECRET_KEY }}{% load static %}",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("field", ["title", "body", "html", "action_url", "from_name"])
def test_nothing_in_the_words_runs(field: str, value: str) -> None:
    message = build(make_work({field: value}))
    html = str(message.alternatives[0][0]).lower()
    for bad in ("<script", "<svg", "<iframe", "<form", '<img src="x" onerror', 'href="javascript', 'href="data:', "49"):
        assert bad not in html
    if field in ("title", "body"):
        assert value in message.body
