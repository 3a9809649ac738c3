"""Promise: no address, no token, no word of a message and no key is in any log line or task argument: not where all goes well,
not where it is refused, and not where the other side quotes what it was given. Lines of libraries count, of any level."""

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery.signals import before_task_publish
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from deliveries import webhooks
from deliveries.flights import Answered, take_off
from hub.audience.models import Subscriber
from hub.callbacks.addresses import callback_url
from hub.callbacks.models import Callback
from hub.callbacks.processing import sweep
from hub.fallback.work import Work
from hub.ids import uuid7
from hub.providers.accounts import Account, hub_accounts
from hub.providers.kinds import kind_class
from hub.wake import WEBHOOKS_QUEUE
from hub.webhooks.services import create_webhook
from project.emulators.apns import Apns
from project.emulators.script import RESET_AFTER, Refusal, Reply
from project.emulators.serving import serving
from project.logs import formatter
from tests.deliveries.providers.pushes import apns_account
from tests.deliveries.providers.subjects import SUBJECTS, Subject
from tests.deliveries.smtp_server import MailServer
from tests.support.factories import make_subscriber, send
from tests.support.logs import lines
from tests.support.outbound import let_in
from tests.support.queues import arrives
from tests.support.receiver import reset, running_receiver, says
from tests.support.webhooks import due_again, owe_event
from tests.support.works import make_work

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
MARK = "zebedee"
ADDRESS = f"{MARK}@example.com"
SAID: dict[str, Any] = {
    **{"title": f"{MARK} title", "body": f"{MARK} body", "html": f"<p>{MARK}</p>", "data": {"x": MARK}},
    "action_url": f"https://{MARK}.example/",
}
WORDS = SAID | {"subject": f"{MARK} subject", "from_name": MARK}
# wherever a provider has a word for what is wrong, it quotes
QUOTE = f"{MARK} at {ADDRESS}"
QUOTES: dict[str, Any] = {
    **{"ok": False, "code": QUOTE, "message": QUOTE, "description": f"Bad Request: {QUOTE}", "data": {"code": QUOTE}},
    **{"SMSMessageData": {"Message": QUOTE}, "messages": [{"status": QUOTE}]},
}
ERRORS = (QUOTE, {"code": QUOTE, "details": [{"errorCode": QUOTE}]})
ACTS = (
    None,
    *(Reply(400, json.dumps({**QUOTES, "error": error}).encode()) for error in ERRORS),
    Refusal(500),
    RESET_AFTER,
)


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    """The hub's own at DEBUG too, whatever level is set for them."""
    for name in ("", "hub", "consumers", "deliveries"):
        caplog.set_level(logging.DEBUG, name)
    settings.DEBUG = False


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_a_provider(subject: Subject, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with serving(emulator := subject.emulator()):
        let_in(settings, emulator.url)
        emulator.script.then(*ACTS)
        address = ADDRESS if "@" in subject.address else subject.address
        account = Account(
            "hub.it", subject.kind, "it", kind_class(subject.kind).channel, 1, subject.config_for(emulator.url)
        )
        data = subject.data(emulator.url)
        give(account, len(ACTS), caplog, address=address, data=data)
        assert len(emulator.recorder.asked()) >= len(ACTS)


def test_apns(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with serving(apns := Apns()):
        let_in(settings, apns.url)
        apns.script.then(None, Refusal(400), Refusal(410), Refusal(500), RESET_AFTER)
        give(apns_account(apns), 5, caplog, address="01932d3f", data={"platform": "apns", "token": "ab" * 32})


@pytest.mark.parametrize("stage", ["", "mail", "rcpt", "data", "payload"])
def test_a_mail_server(mail: MailServer, stage: str, caplog: pytest.LogCaptureFixture) -> None:
    mail.behaviour = {stage: f"550 5.1.1 <{ADDRESS}> {MARK}"}
    config = {"host": "127.0.0.1", "port": mail.port, "security": "none", "from": f"{MARK}@shop.example"}
    give(Account("hub.mail", "smtp", "mail", "email", 1, config), 2, caplog, address=ADDRESS)


def give(account: Account, count: int, caplog: pytest.LogCaptureFixture, **fields: Any) -> None:
    """The whole way from a claim, and once more with keys that are wrong."""
    secrets = set(secrets_of(account))
    told = {MARK, *secrets, *leaves(fields)} - {"apns"}
    fly([make_work(WORDS, account=account, delivery_id=uuid7(), name=MARK, **fields) for _ in range(count)])
    names = {setting.name for setting in kind_class(account.kind).settings if setting.secret}
    wrong = {name: f"{MARK}-{name}" if name in names else value for name, value in account.config.items()}
    spoilt = replace(account, id="hub.spoilt", config=wrong)
    fly([make_work(WORDS, account=spoilt, delivery_id=uuid7(), name=MARK, **fields)])
    attempts = [record for record in caplog.records if record.getMessage() == "attempt"]
    assert len(attempts) == count + 1
    assert [line for line in lines(caplog) for word in told if word in line] == []


def fly(works: Sequence[Work]) -> None:
    landed: SimpleQueue[Answered] = SimpleQueue()
    take_off(works, "high", time.monotonic() + 60, landed.put)
    for _ in works:
        landed.get(timeout=60)


def secrets_of(account: Account) -> Iterator[str]:
    """Of a key in PEM, a line of it."""
    for setting in kind_class(account.kind).settings:
        if setting.secret and (value := account.config.get(setting.name)):
            yield max((value if isinstance(value, str) else value["private_key"]).splitlines(), key=len)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    else:
        yield str(value)


# accounts whose provider calls back: the first ones sign their calls
CALLBACKS: dict[str, dict[str, Any]] = {
    **{esp: {"kind": "anymail", "esp": esp} for esp in ("sendgrid", "mailgun", "resend", "amazon_ses")},
    **{kind: {"kind": kind, "auth_token": MARK, "callback_secret": MARK} for kind in ("twilio", "vonage", "sns")},
    **{esp: {"kind": "anymail", "esp": esp} for esp in ("postmark", "brevo", "mailjet", "sparkpost")},
    **{kind: {"kind": kind} for kind in ("africas_talking", "beem")},
}
# what no reader can make anything of, and what one could
CALLS = (
    (b"{", "application/json"),
    (json.dumps([{"event": MARK, "email": ADDRESS}, QUOTES]).encode(), "application/json"),
    (json.dumps({**QUOTES, "RecordType": "Bounce", "Email": ADDRESS, "event": MARK}).encode(), "application/json"),
    (json.dumps({"Type": "Notification", "Message": QUOTE, "MessageId": MARK}).encode(), "text/plain"),
    (json.dumps({"request_id": MARK, "Status": "FAILED", "dest_addr": ADDRESS}).encode(), "application/json"),
    (f"text=STOP&from={ADDRESS}&id={MARK}&Body=STOP&From={ADDRESS}".encode(), "application/x-www-form-urlencoded"),
    (f"id={MARK}&status=Failed&failureReason={QUOTE}".encode(), "application/x-www-form-urlencoded"),
)


@pytest.mark.usefixtures("transactional_db")
def test_callbacks(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """What is refused, what is kept and what nothing can be made of, at addresses that are secrets themselves. As it is
    written, since Django's own lines name the path until then."""
    settings.HUB = settings.HUB | {"providers": CALLBACKS}
    accounts = [account for channel in ("email", "sms") for account in hub_accounts(channel)]
    urls = {account.key: urlsplit(callback_url(account)).path for account in accounts}
    statuses = {name: {call(url, *told) for told in CALLS} for name, url in urls.items()}
    assert {call(f"{url}{MARK}", *CALLS[0]) for url in urls.values()} == {404}
    assert {name for name, seen in statuses.items() if 200 in seen} >= {"postmark", "africas_talking", "beem"}
    assert {name for name, seen in statuses.items() if seen == {403}} >= {"sendgrid", "amazon_ses", "twilio", "vonage"}
    for _ in range(2):
        assert sweep(limit=1_000)
        Callback.objects.filter(due_at__isnull=False).update(due_at=Now())
    written = [formatter("json").format(record) for record in caplog.records]
    assert len(written) > len(accounts) * len(CALLS)
    secrets = {MARK, *(url.rpartition("/")[2] for url in urls.values())}
    assert [line for line in written for word in secrets if word in line] == []


def call(url: str, body: bytes, kind: str) -> int:
    shown = {"X-Twilio-Signature": MARK, "Authorization": f"Basic {MARK}", "Svix-Signature": MARK}
    return Client().post(f"{url}?q={MARK}", body, content_type=kind, headers=shown).status_code


def test_webhooks(alice: Subscriber, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with running_receiver() as receiver:
        let_in(settings, receiver.url())
        webhook = create_webhook(tenant=alice.tenant, url=receiver.url(f"/{MARK}?key={MARK}"), events=["*"])
        owe_event(webhook, data={"id": MARK})
        for act in (says(500, QUOTE.encode()), reset, says(302, Location=f"http://{MARK}.example/"), says(200)):
            receiver.act = act
            post()
        let_in(settings)
        owe_event(webhook, data={"id": MARK})
        post()
    posts = [record for record in caplog.records if record.getMessage() == "webhook"]
    assert len(posts) == 5
    assert json.loads(formatter("json").format(posts[0]))["webhook_id"] == str(webhook.pk)
    assert [line for line in lines(caplog) for word in (MARK, webhook.secret) if word in line] == []


def post() -> None:
    due_again()
    webhooks.start()
    assert webhooks.join(30)


@pytest.mark.usefixtures("transactional_db")
def test_tasks(alice: Subscriber, settings: Settings) -> None:
    published: list[str] = []

    def listen(**told: Any) -> None:
        published.append(repr(told))

    settings.HUB = settings.HUB | {"fan_out_inline_limit": 1}
    make_subscriber(alice.tenant, MARK, email=ADDRESS)
    create_webhook(tenant=alice.tenant, url=f"https://{MARK}.example/", events=["*"])
    before_task_publish.connect(listen)
    try:
        for to in (MARK, [MARK, "alice"]):
            send(alice.tenant, to, channels=["email"], tags=[MARK], group_key=MARK, **SAID)
        for queue in ("hub.bulk", WEBHOOKS_QUEUE, "email.high"):
            arrives(queue, 1)
    finally:
        before_task_publish.disconnect(listen)
    assert len(published) >= 3
    assert [told for told in published if MARK in told] == []
