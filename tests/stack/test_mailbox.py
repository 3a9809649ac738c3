"""The mail sink takes real SMTP, shows what came without trusting it, and keeps it."""

import email.message
import json
import smtplib
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from project.stack import processes
from project.stack.child import Child, Command
from project.stack.mailbox import page
from project.stack.mailbox.outbox import Outbox
from project.stack.mailbox.store import MailStore
from project.stack.ports import LOOPBACK, free_port
from tests.support.waiting import wait_until

HOSTILE = "<script>alert('subject')</script>"


class Mailbox(NamedTuple):
    smtp_port: int
    url: str
    child: Child

    def get(self, path: str, host: str = "") -> tuple[str, dict[str, str]]:
        request = urllib.request.Request(self.url + path, headers={"Host": host} if host else {})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode(), {name.lower(): value for name, value in answer.headers.items()}

    def messages(self, query: str = "") -> list[dict[str, object]]:
        return list(json.loads(self.get(f"/api/messages{query}")[0])["messages"])

    def answers(self) -> bool:
        try:
            return bool(self.get("/")[0])
        except OSError:
            return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mailbox")


@pytest.fixture(scope="module")
def mailbox(folder: Path) -> Iterator[Mailbox]:
    running = start(folder)
    yield running
    running.child.stop()


def start(folder: Path, providers: tuple[int, int, Path] | None = None, demo: Path | None = None) -> Mailbox:
    smtp_port, http_port = free_port(), free_port()
    ports = {"smtp_port": smtp_port, "http_port": http_port}
    words = processes.mailbox(host=LOOPBACK, **ports, folder=folder / "mail", providers=providers, demo=demo)
    child = Child(Command(name="mailbox", argv=[sys.executable, *words]), folder / "logs")
    child.start()
    started = Mailbox(smtp_port, f"http://{LOOPBACK}:{http_port}", child)
    wait_until(started.answers)
    return started


def mail(subject: str, to: str = "bob@example.com", body: str = "Hello.\n") -> email.message.EmailMessage:
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = "Hub <hub@localhost>", to, subject, "<1@hub>"
    made.set_content(body)
    return made


def send(mailbox: Mailbox, *mails: email.message.EmailMessage) -> None:
    with smtplib.SMTP(LOOPBACK, mailbox.smtp_port, timeout=20) as client:
        for one in mails:
            client.send_message(one)


def test_a_hostile_mail_is_listed_and_opened_escaped(mailbox: Mailbox) -> None:
    hostile = mail(HOSTILE, body="<img src=x onerror=alert('text')>\n")
    hostile.add_alternative("<p>Hi</p><script>alert('html')</script>", subtype="html")
    send(mailbox, hostile)
    listed = mailbox.messages()[0]
    assert (listed["subject"], listed["to"], listed["message_id"]) == (HOSTILE, ["bob@example.com"], "<1@hub>")
    for path in ("/", f"/rows?after={int(str(listed['id'])) - 1:020d}", f"/mail/{listed['id']}"):
        shown, headers = mailbox.get(path)
        assert "&lt;script&gt;alert(&#x27;subject&#x27;)" in shown
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert "script-src 'self'" in headers["content-security-policy"]
    opened, _ = mailbox.get(f"/mail/{listed['id']}")
    assert "&lt;img src=x onerror=" in opened
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in opened


def test_a_mail_without_html_shows_its_text(mailbox: Mailbox) -> None:
    send(mailbox, mail("text alone", body="<b>1 < 2</b>\n"))
    body, headers = mailbox.get(f"/mail/{mailbox.messages()[0]['id']}/shown")
    assert "&lt;b&gt;1 &lt; 2&lt;/b&gt;" in body
    assert headers["content-security-policy"].startswith("sandbox ")


def test_a_mails_html_is_served_into_a_sandbox_without_scripts(mailbox: Mailbox) -> None:
    html = mail("with html")
    html.add_alternative("<p>Grüße</p><script>parent.alert(1)</script>", subtype="html")
    send(mailbox, html)
    body, headers = mailbox.get(f"/mail/{mailbox.messages()[0]['id']}/shown")
    policy = headers["content-security-policy"]
    assert "<p>Grüße</p>" in body
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


def test_lists_are_newest_first_and_filtered_by_recipient(mailbox: Mailbox) -> None:
    send(mailbox, *(mail(f"number {n}", to=f"reader{n % 2}@example.com") for n in range(6)))
    assert [m["subject"] for m in mailbox.messages("?limit=3")] == ["number 5", "number 4", "number 3"]
    only = mailbox.messages("?to=reader1@example.com")
    assert [m["subject"] for m in only] == ["number 5", "number 3", "number 1"]
    shown, _ = mailbox.get("/")
    assert shown.index("number 5") < shown.index("number 4") < shown.index("number 0")


def test_encoded_and_broken_headers_are_readable(mailbox: Mailbox) -> None:
    head = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n  folded\r\nFrom: =?nonsense?q?x?=\r\nTo: b@example.com\r\n"
    with smtplib.SMTP(LOOPBACK, mailbox.smtp_port) as client:
        client.sendmail("hub@localhost", ["b@example.com", "c@example.com"], head + b"\r\n.dots\r\n..\r\n")
    listed = mailbox.messages()[0]
    assert listed["subject"] == "Grüße folded"
    assert listed["from"] == "=?nonsense?q?x?="
    assert listed["to"] == ["b@example.com", "c@example.com"]
    source, headers = mailbox.get(f"/mail/{listed['id']}/raw")
    assert source.endswith("\r\n\r\n.dots\r\n..\r\n")
    assert headers["content-type"].startswith("text/plain")
    assert "=?nonsense?q?x?=" in mailbox.get(f"/mail/{listed['id']}")[0]


def test_a_mail_that_comes_in_pieces_or_breaks_the_order_is_understood(mailbox: Mailbox) -> None:
    with (
        socket.create_connection((LOOPBACK, mailbox.smtp_port), timeout=20) as client,
        client.makefile("rb") as answers,
    ):

        def say(data: bytes) -> bytes:
            client.sendall(data)
            return answers.readline()[:3]

        assert answers.readline().startswith(b"220")
        assert say(b"RCPT TO:<a@example.com>\r\n") == b"503"
        assert say(b"MAIL FROM:<>\r\n") == b"250"
        assert say(b"DATA\r\n") == b"503"
        assert say(b"RCPT TO:<a@example.com>\r\n") == b"250"
        assert say(b"DATA\r\n") == b"354"
        for piece in (b"Subject: in pie", b"ces\r\n\r\nx\r\n", b".", b"\r"):
            client.sendall(piece)
            time.sleep(0.02)
        assert say(b"\nRSET\r\n") == b"250"
        assert answers.readline()[:3] == b"250"
        assert say(b"EXPN list\r\n") == b"502"
        assert say(b"x" * 5000) == b"500"
    assert mailbox.messages()[0]["subject"] == "in pieces"


def test_an_empty_outbox_says_so(tmp_path: Path) -> None:
    # the stylesheet hides the words "No mail yet" unless a list is :empty, and a blank would fill it
    assert page.board(Outbox(MailStore(tmp_path))).count("<ol></ol>") == 4


def test_only_loopback_names_are_answered(mailbox: Mailbox) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        mailbox.get("/api/messages", host="rebound.example.com")
    assert refused.value.code == 403
    refused.value.close()


def test_mails_are_still_listed_after_a_restart(tmp_path: Path) -> None:
    store = MailStore(tmp_path)
    kept = [store.add(f"Subject: mail {n}\r\n\r\n".encode(), sender="h@h", recipients=["b@b"]) for n in range(3)]
    assert MailStore(tmp_path).newest(10) == kept[::-1]


def test_no_more_than_the_newest_are_kept(tmp_path: Path) -> None:
    store = MailStore(tmp_path, kept=5)
    for n in range(12):
        store.add(f"Subject: mail {n}\r\n\r\n".encode(), sender="h@h", recipients=["b@b"])
    assert [m.subject for m in store.newest(100)] == [f"mail {n}" for n in (11, 10, 9, 8, 7)]
    assert len(list(tmp_path.glob("*.eml"))) == 5
    assert [m.subject for m in MailStore(tmp_path, kept=3).newest(100)] == ["mail 11", "mail 10", "mail 9"]


def test_a_header_in_an_address_does_not_become_one_of_the_mail(tmp_path: Path) -> None:
    kept = MailStore(tmp_path).add(b"Subject: real\r\n\r\n", sender="h@h\r\nSubject: forged", recipients=["b@b"])
    assert kept.subject == "real"
