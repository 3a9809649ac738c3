"""The outbox in a real browser, beside real emulators: what they take appears by itself, and nothing of it runs."""

import re
import smtplib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import google.auth.transport.requests
import pytest
import pytest_asyncio
from google.oauth2.service_account import Credentials
from playwright.async_api import Browser, Page, expect

from deliveries.providers.fcm import SCOPES
from project.emulators.fcm import Fcm
from project.emulators.keys import kept_rsa
from project.emulators.slack import Slack
from project.emulators.twilio import Twilio
from project.stack.ports import free_port
from tests.emulators.http import basic, post
from tests.stack.test_mailbox import mail, start
from tests.support.receiver import running_receiver, says

pytestmark = pytest.mark.asyncio(loop_scope="session")
HOSTILE = "</p></a><script>alert('run')</script><img src='https://example.com/x.png' onerror=alert(1)>"


class Served(NamedTuple):
    page: str
    emulators: str
    smtp_port: int
    keys: Path


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An outbox in which nothing is yet."""
    port = free_port()
    running = start(tmp_path, providers=(port, free_port(), tmp_path / "emulators"))
    yield Served(running.url, f"http://127.0.0.1:{port}", running.smtp_port, tmp_path / "emulators")
    running.child.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def outbox(browser: Browser, served: Served) -> AsyncIterator[Page]:
    """The page. It must end without a word in the console, without a dialog, and without having asked another host."""
    context = await browser.new_context()
    page, complaints, asked = await context.new_page(), list[str](), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(served.page)
    yield page
    await context.close()
    assert complaints == []
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(served.page).netloc}


async def test_what_arrives_appears_by_itself_in_its_column(outbox: Page, served: Served) -> None:
    column = outbox.locator('[data-column="sms"]')
    await expect(column.get_by_text("No text message yet.")).to_be_visible()
    post(f"{served.emulators}/http_sms", form={"to": "+12025550101", "text": "Hello by SMS"})
    await expect(column.locator(".bubble")).to_have_text("Hello by SMS")
    await expect(column.locator(".count")).to_have_text("1")
    await expect(column.get_by_text("No text message yet.")).to_be_hidden()


async def test_the_newest_mail_is_open(outbox: Page, served: Served) -> None:
    letter = mail("A letter")
    letter.add_alternative("<h1>Hello by mail</h1>", subtype="html")
    with smtplib.SMTP("127.0.0.1", served.smtp_port, timeout=10) as client:
        client.send_message(letter)
    await expect(outbox.frame_locator(".reading").get_by_role("heading", name="Hello by mail")).to_be_visible()
    await expect(outbox.locator('[data-column="email"] .subject')).to_have_text("A letter")


async def test_a_push_that_is_read_elsewhere_is_marked_while_the_page_is_open(outbox: Page, served: Served) -> None:
    phone, send = outbox.locator('[data-column="push"]'), fcm_sender(served)
    send({"notification": {"title": "Read me"}, "android": {"notification": {"tag": "one"}}})
    await expect(phone.locator("li", has_text="Read me")).to_be_visible()
    await expect(phone.locator("li.withdrawn")).to_have_count(0)
    send({"data": {"type": "withdraw", "tags": '["one"]', "unread": "0"}})
    await expect(phone.locator("li.withdrawn")).to_have_text(re.compile("Read me"))
    await expect(phone.get_by_text("Silent: 1 push taken off the screen")).to_be_visible()


def fcm_sender(served: Served) -> Callable[[dict[str, Any]], None]:
    """What posts a message for one phone, with an access token of the emulator's."""
    fcm = Fcm()
    fcm.key, fcm.url = kept_rsa(served.keys / "fcm.pem"), f"{served.emulators}/fcm"
    credentials = Credentials.from_service_account_info(fcm.service_account(), scopes=SCOPES)
    credentials.refresh(google.auth.transport.requests.Request())

    def send(message: dict[str, Any]) -> None:
        url, known = f"{fcm.url}/v1/projects/{fcm.project}/messages:send", f"Bearer {credentials.token}"
        assert post(url, content={"message": {"token": "phone", **message}}, authorization=known).status == 200

    return send


async def test_what_became_of_a_text_is_told_by_a_button(outbox: Page, served: Served) -> None:
    column = outbox.locator('[data-column="sms"]')
    with running_receiver() as hub:
        hub.act = says(200)
        url, known = f"{served.emulators}/twilio/2010-04-01/Accounts/{Twilio.account}/Messages.json", Twilio.token
        text = {"To": "+12025550101", "From": "+15005550006", "Body": "Stop me", "StatusCallback": hub.url()}
        assert post(url, form=text, authorization=basic(Twilio.account, known)).status == 201
        row = column.locator("li", has_text="Stop me")
        await expect(row.get_by_role("button", name="delivered", pressed=True)).to_be_visible()
        await row.get_by_role("button", name="STOP").click()
        await expect(row.get_by_role("button", name="STOP", pressed=True)).to_be_visible()
        assert [b"Body=STOP" in got.body for got in hub.got] == [False, True]
        await row.locator("a").click()
        await expect(outbox.get_by_role("button", name="STOP", pressed=True)).to_be_visible()
        await outbox.get_by_role("button", name="START").click()
        await expect(outbox.get_by_role("button", name="START", pressed=True)).to_be_visible()


async def test_hostile_messages_are_text(outbox: Page, served: Served) -> None:
    column = outbox.locator('[data-column="chat"]')
    slack = Slack()
    slack.url = f"{served.emulators}/slack"
    assert post(slack.hook(), content={"text": HOSTILE}).status == 200
    await expect(column.locator(".text")).to_have_text(HOSTILE)
    await column.locator("li a").click()
    await expect(outbox.locator("article .text")).to_have_text(HOSTILE)
    await expect(outbox.locator("pre").first).to_contain_text("</script>")
