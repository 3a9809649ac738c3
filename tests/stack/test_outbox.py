"""The outbox shows what every channel would have sent, as a person would see it, and believes none of it."""

import re
from html import unescape
from pathlib import Path

import pytest

from project.emulators.recorder import Message
from project.stack.mailbox import page
from project.stack.mailbox.outbox import Outbox
from project.stack.mailbox.store import MailStore

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(MailStore(tmp_path))


def message(channel: str = "push", provider: str = "fcm", **fields: object) -> Message:
    whole = {"id": "1", "to": "token", "at": 1_800_000_000.0, "title": "Hello", "body": "It works", **fields}
    return Message(channel=channel, provider=provider, **whole)  # type: ignore[arg-type]


def test_each_channel_has_its_column_and_its_look(outbox: Outbox) -> None:
    outbox.mails.add(b"Subject: A letter\r\n\r\n", sender="h@h", recipients=["bob@example.com"])
    outbox.add(message(badge=7, actions=("Reply",), image="https://example.com/a.png", url="/orders/1"))
    outbox.add(message("sms", "twilio", to="+4915112345678", body="x" * 161))
    outbox.add(message("chat", "slack"))
    outbox.add(message("email", "sendgrid", title="By an API"))
    shown = page.board(outbox)
    columns = dict(re.findall(r'data-column="(\w+)"(.*?)</section>', shown, re.DOTALL))
    assert 'title="The app\'s badge">7<' in unescape(columns["push"])
    assert all(word in columns["push"] for word in ("Reply", "https://example.com/a.png", "/orders/1"))
    assert "2 segments · GSM-7 · Twilio" in columns["sms"]
    assert "Slack" in columns["chat"]
    assert columns["email"].index("By an API") < columns["email"].index("A letter")
    assert [outbox.count(channel) for channel in ("push", "email", "sms", "chat")] == [1, 2, 1, 1]


@pytest.mark.parametrize(("channel", "provider"), [("push", "fcm"), ("email", "ses"), ("sms", "sns"), ("chat", "?")])
def test_hostile_content_is_escaped_everywhere(outbox: Outbox, channel: str, provider: str) -> None:
    words = dict.fromkeys(("to", "title", "body", "sender", "image", "url"), HOSTILE)
    headers = {HOSTILE: HOSTILE, "authorization": "Bearer secret"}
    outbox.add(
        message(channel, provider, **words, html=HOSTILE, actions=(HOSTILE,), asked={HOSTILE: HOSTILE}, headers=headers)
    )
    (entry,) = outbox.newest(1)
    pages = (page.board(outbox), page.rows([entry]), page.channel_page(outbox, channel, ""), page.message_page(entry))
    for shown in pages:
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert "Bearer secret" not in shown
    assert "&lt;script&gt;" in pages[0]


def test_a_mail_that_came_by_an_api_is_kept_like_any_other(outbox: Outbox, tmp_path: Path) -> None:
    words = {
        "to": "bob@example.com",
        "sender": "Shop <shop@example.com>",
        "title": "Grüße\r\nBcc: x",
        "html": "<b>Ü</b>",
    }
    outbox.add(message("email", "mailgun", **words))
    assert [type(one).__name__ for one in outbox.newest(10)] == ["Entry"]
    assert outbox.count("email") == 1
    again = Outbox(MailStore(tmp_path))
    (mail,) = again.newest(10)
    assert (mail.to, mail.subject) == (("bob@example.com",), "Grüße Bcc: x")  # type: ignore[union-attr]
    whole = again.mails.message(mail)  # type: ignore[arg-type]
    assert [str(page.part_text(whole, kind)).strip() for kind in ("plain", "html")] == ["It works", "<b>Ü</b>"]
    assert whole["bcc"] is None


def test_a_refused_message_is_not_shown(outbox: Outbox) -> None:
    outbox.add(message(taken=False))
    assert outbox.newest(10) == []


def test_messages_and_mails_are_one_order(outbox: Outbox) -> None:
    for number in range(4):
        outbox.add(message(title=f"push {number}"))
        outbox.mails.add(f"Subject: mail {number}\r\n\r\n".encode(), sender="h@h", recipients=["b@b"])
    found = outbox.newest(100)
    assert [one.id for one in found] == sorted((one.id for one in found), reverse=True)
    assert outbox.newest(100, after=found[3].id) == found[:3]
    assert outbox.newest(2, before=found[3].id) == found[4:6]


def test_memory_is_bounded_by_number_and_by_size(tmp_path: Path) -> None:
    outbox = Outbox(MailStore(tmp_path), kept=3)
    for number in range(9):
        outbox.add(message(title=str(number)))
    assert [one.message.title for one in outbox.newest(9)] == ["8", "7", "6"]  # type: ignore[union-attr]
    outbox = Outbox(MailStore(tmp_path), kept_size=1_000)
    for _ in range(9):
        outbox.add(message(body="x" * 400))
    assert len(outbox.newest(9)) == 2


def test_what_is_read_elsewhere_goes_from_its_phone_alone(outbox: Outbox) -> None:
    for to, handle in (("phone", "one"), ("phone", "two"), ("other", "one")):
        outbox.add(message(to=to, handle=handle, title=f"{handle} on {to}"))
    outbox.add(message(to="phone", title="", body="", withdraws=("one", "gone"), badge=1))
    silent, *shown = outbox.newest(10)
    assert [one.withdrawn for one in shown] == [False, False, True]  # type: ignore[union-attr]
    (row, *_) = page.rows([silent]).splitlines()
    assert f'data-withdraws="{shown[-1].id}"' in row
    assert "Silent: 1 push taken off the screen" in row
    assert ">1<" in row
    assert page.rows(shown).count('class="withdrawn"') == 1
    assert "<dt>Withdrawn</dt>" in page.message_page(outbox.get(shown[-1].id))  # type: ignore[arg-type]
    outbox.add(message(to="phone", withdraws=("one",)))
    assert "Silent: 0 pushes taken" in page.rows(outbox.newest(1))
