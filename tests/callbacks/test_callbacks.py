"""Promise: what a provider tells is believed when it is signed, kept, and counts once, whenever and how often it comes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from deliveries import dispatch
from hub.audience.models import Subscriber
from hub.callbacks.addresses import callback_url
from hub.callbacks.models import Callback, DeliveryEvent
from hub.callbacks.processing import forget, sweep
from hub.fallback.models import DeliveryDestination
from hub.inbox.models import InboxItem
from hub.providers.accounts import hub_accounts
from hub.suppression.models import Suppression
from hub.webhooks.models import WebhookDelivery
from hub.webhooks.services import create_webhook
from project.emulators.callbacks import Callback as Told
from project.emulators.recorder import Message, Recorder
from project.emulators.sendgrid import SendGrid
from project.emulators.serving import serving
from tests.support.deliveries import owe

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
ADDRESS = "alice@example.com"
recorder = Recorder()
sendgrid = SendGrid(recorder)


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with serving(sendgrid):
        yield


@pytest.fixture(autouse=True)
def _esp(settings: Settings) -> None:
    recorder.clear()
    settings.EMAIL_BACKEND = "anymail.backends.sendgrid.EmailBackend"
    settings.ANYMAIL = {
        "SENDGRID_API_KEY": sendgrid.key,
        "SENDGRID_API_URL": f"{sendgrid.url}/v3/",
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": sendgrid.verification_key,
    }


@pytest.fixture
def mailed(alice: Subscriber) -> Message:
    """A mail that SendGrid has taken."""
    owe(alice)
    dispatch.dispatch("email", "high")
    (message,) = recorder.taken()
    return message


def url() -> str:
    return callback_url(hub_accounts("email")[0])


def tell(message: Message, kind: str, *, spoil: bytes = b"", **more: Any) -> int:
    """Post an event as SendGrid does; returns the status."""
    return post(sendgrid.event(message, kind, url=url(), more=more), spoil)


def post(told: Told, spoil: bytes = b"") -> int:
    headers = {name: value for name, value in told.headers.items() if name != "content-type"}
    path = urlsplit(told.url).path
    return Client().post(path, told.body + spoil, content_type="application/json", headers=headers).status_code


def fate() -> str:
    return DeliveryDestination.objects.get().fate


def test_what_was_delivered_is_on_record_with_its_delivery(mailed: Message) -> None:
    assert tell(mailed, "delivered", response="250 ok") == 200
    assert DeliveryEvent.objects.count() == 0
    assert sweep() == 1
    event = DeliveryEvent.objects.get()
    assert (event.kind, fate()) == ("delivered", "delivered")
    assert Callback.objects.get().due_at is None
    assert sweep() == 0


def test_a_hard_bounce_puts_the_address_on_the_list(mailed: Message, alice: Subscriber) -> None:
    tell(mailed, "bounce", type="bounce", reason="550 no such user alice@example.com", status="5.1.1")
    sweep()
    row = Suppression.objects.get()
    assert (row.channel, row.reason, row.address, row.tenant_id) == (
        "email",
        "hard_bounce",
        "alice@example.com",
        alice.tenant_id,
    )
    assert row.source == "django:mail"
    assert "alice@example.com" not in DeliveryEvent.objects.get().answer
    owe(alice)
    dispatch.dispatch("email", "high")
    assert len(recorder.taken()) == 1


def test_a_block_is_no_hard_bounce(mailed: Message) -> None:
    tell(mailed, "bounce", type="blocked", reason="421 try later", status="4.2.2")
    sweep()
    assert not Suppression.objects.exists()


def test_a_complaint_counts_whatever_came_before_or_comes_after(mailed: Message) -> None:
    tell(mailed, "spamreport")
    tell(mailed, "delivered")
    sweep()
    assert fate() == "complained"
    assert Suppression.objects.get().reason == "complaint"


def test_the_same_call_again_changes_nothing(mailed: Message, alice: Subscriber) -> None:
    create_webhook(tenant=alice.tenant, url="https://hooks.example.com/", events=["delivery.*"])
    told = sendgrid.event(mailed, "delivered", url=url())
    for _ in range(3):
        assert post(told) == 200
        sweep()
    assert (Callback.objects.count(), DeliveryEvent.objects.count()) == (1, 1)
    told_on = WebhookDelivery.objects.filter(type="delivery.delivered")
    assert told_on.count() == 1
    assert "alice@example.com" not in json.dumps(told_on.get().data)


@pytest.mark.parametrize(
    ("read_on", "kind", "read"),
    [
        ("never", "open", False),
        ("opened", "open", True),
        ("clicked", "open", False),
        ("clicked", "click", True),
    ],
)
def test_opening_counts_as_reading_where_the_tenant_wants_it(
    mailed: Message, alice: Subscriber, read_on: str, kind: str, read: bool
) -> None:
    type(alice.tenant).objects.update(read_on=read_on)
    type(alice).objects.filter(pk=alice.pk).update(attributes={})
    InboxItem.objects.update(visible=True)
    connection.cursor().execute("UPDATE hub_stream SET unread = 1, unseen = 1, last_seq = 1")
    tell(mailed, kind)
    sweep()
    assert (InboxItem.objects.get().read_at is not None) is read


def test_a_call_that_is_not_signed_right_is_refused_and_not_kept(mailed: Message) -> None:
    assert tell(mailed, "delivered", spoil=b" ") == 403
    assert not Callback.objects.exists()


def test_an_account_without_the_key_believes_nobody(mailed: Message, settings: Settings) -> None:
    settings.ANYMAIL = {key: value for key, value in settings.ANYMAIL.items() if "VERIFICATION" not in key}
    assert tell(mailed, "delivered") == 403


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("twilio", {"account_sid": "AC1", "auth_token": "x"}),
        ("vonage", {"api_key": "a", "api_secret": "b", "callback_secret": "c"}),
        ("anymail", {"esp": "mailgun", "api_key": "a", "callback_secret": "c"}),
    ],
)
def test_what_can_not_even_be_read_is_not_believed(settings: Settings, kind: str, config: dict[str, str]) -> None:
    settings.HUB = settings.HUB | {"providers": {"one": {"kind": kind, **config}}}
    (account,) = (account for channel in ("email", "sms") for account in hub_accounts(channel))
    path = urlsplit(callback_url(account)).path
    for content_type in ("application/json", "multipart/form-data", "text/plain"):
        for body in (b"{", b"null", b'[{"signature": 1}]', b"\xff\xfe", b"sig=%C3%A9"):
            headers = {"X-Twilio-Signature": "\xe9"}
            assert Client().post(path, body, content_type=content_type, headers=headers).status_code == 403
    assert not Callback.objects.exists()


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("path", ["hub.mail/0", "hub.nobody/{token}", "019a0000-0000-7000-8000-000000000000/x", "x/y"])
def test_an_address_that_nobody_was_told_is_not_there(path: str) -> None:
    token = url().rpartition("/")[2]
    answer = Client().post(f"/api/v1/callbacks/{path.format(token=token)}", b"{}", content_type="application/json")
    assert answer.status_code == 404


def test_another_accounts_word_on_our_messages_counts_for_nothing(mailed: Message, settings: Settings) -> None:
    """An account of the same kind, that has not carried this message."""
    settings.HUB = settings.HUB | {"providers": {"mail": {"kind": "django"}, "other": {"kind": "django"}}}
    other = callback_url(hub_accounts("email")[1])
    told = sendgrid.event(mailed, "bounce", url=other, more={"type": "bounce", "status": "5.1.1"})
    assert post(told) == 200
    sweep()
    assert not DeliveryEvent.objects.exists()
    assert not Suppression.objects.exists()


def test_what_can_not_be_read_is_kept_tried_again_and_given_up(
    mailed: Message, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(ADDRESS)

    monkeypatch.setattr("deliveries.callbacks.anymail.AnymailReader.read", fail)
    tell(mailed, "delivered")
    for _ in range(8):
        assert sweep() == 1
        Callback.objects.filter(due_at__isnull=False).update(due_at=Now())
    assert sweep() == 0
    assert (Callback.objects.get().error, Callback.objects.get().tries) == ("ValueError", 8)
    assert ADDRESS not in caplog.text


def test_the_raw_call_is_encrypted_and_not_kept_for_ever(mailed: Message) -> None:
    tell(mailed, "delivered")
    with connection.cursor() as db:
        db.execute("SELECT call FROM hub_callback")
        assert "alice" not in db.fetchone()[0]
    Callback.objects.update(received_at=datetime.now(UTC) - timedelta(days=8))
    assert forget(kept=7 * 24 * 3600) == 0
    sweep()
    assert forget(kept=7 * 24 * 3600) == 1
