"""The email providers' emulators, as Anymail sees them: its backends send, its webhook views judge what comes back."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from anymail.exceptions import AnymailAPIError, AnymailWebhookValidationFailure
from anymail.message import AnymailMessage
from anymail.signals import tracking
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.core.mail import get_connection
from django.http import HttpRequest
from django.test import RequestFactory

from project.emulators.amazon import ACCESS_KEY, SECRET_KEY
from project.emulators.callbacks import Callback
from project.emulators.mailgun import Mailgun
from project.emulators.postmark import Postmark
from project.emulators.recorder import Recorder
from project.emulators.script import Refusal
from project.emulators.sendgrid import SendGrid
from project.emulators.ses import Ses
from tests.emulators.http import basic

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
recorder = Recorder()
sendgrid, mailgun, postmark, ses = SendGrid(recorder), Mailgun(recorder), Postmark(recorder), Ses(recorder)
EVERY = (sendgrid, mailgun, postmark, ses)
HUB = "http://testserver/webhook/"


def options(name: str, key: str = "") -> Mapping[str, Any]:
    aws = {"aws_access_key_id": key or ACCESS_KEY, "aws_secret_access_key": SECRET_KEY, "region_name": "eu-west-1"}
    return {
        "sendgrid": {"api_key": key or sendgrid.key, "api_url": f"{sendgrid.url}/v3/"},
        "mailgun": {"api_key": key or mailgun.key, "api_url": f"{mailgun.url}/v3", "sender_domain": "example.com"},
        "postmark": {"server_token": key or postmark.key, "api_url": f"{postmark.url}/"},
        "amazon_ses": {"client_params": {**aws, "endpoint_url": ses.url}},
    }[name]


def send(name: str, key: str = "") -> AnymailMessage:
    message = AnymailMessage("Your order", "Text", "shop@example.com", ["alice@example.com"])
    message.attach_alternative("<p>HTML</p>", "text/html")
    message.metadata = {"delivery_id": "d1"}
    message.connection = get_connection(f"anymail.backends.{name}.EmailBackend", **options(name, key))
    message.send()
    return message


@pytest.mark.parametrize("name", ["sendgrid", "mailgun", "postmark", "amazon_ses"])
def test_anymail_sends(name: str) -> None:
    sent = send(name)
    (message,) = recorder.taken()
    assert (message.to, message.title, message.body.strip()) == ("alice@example.com", "Your order", "Text")
    assert message.html.strip() == "<p>HTML</p>"
    assert message.sender == "shop@example.com"
    if name != "sendgrid":  # whose id Anymail makes up itself
        assert sent.anymail_status.message_id == message.id


@pytest.mark.parametrize("name", ["sendgrid", "mailgun", "postmark", "amazon_ses"])
def test_a_wrong_key_is_refused(name: str) -> None:
    with pytest.raises(AnymailAPIError):
        send(name, key="wrong")
    assert not recorder.asked()


@pytest.mark.parametrize("name", ["sendgrid", "mailgun", "postmark"])
def test_a_limit_comes_with_its_wait(name: str) -> None:
    for emulator in EVERY:
        emulator.script.always(Refusal(429, retry_after=11))
    with pytest.raises(AnymailAPIError) as refused:
        send(name)
    assert (refused.value.response.status_code, refused.value.response.headers["retry-after"]) == (429, "11")


def events_of(view: Any, callback: Callback) -> list[Any]:
    """The events that Anymail's view tells of. Raises what it raises for a callback that it doesn't believe."""
    heard: list[Any] = []

    def hear(event: Any, **_: Any) -> None:
        heard.append(event)

    tracking.connect(hear)
    try:
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in callback.headers.items()}
        kind = callback.headers["content-type"]
        request: HttpRequest = RequestFactory().post("/webhook/", callback.body, content_type=kind, **headers)
        assert view(request).status_code == 200
        return heard
    finally:
        tracking.disconnect(hear)


def test_signed_events_come_back_and_spoilt_ones_are_not_believed() -> None:
    send("sendgrid")
    send("mailgun")
    of_sendgrid, of_mailgun = recorder.taken()
    key = sendgrid.verification_key
    for view, callback in (
        (
            SendGridTrackingWebhookView.as_view(tracking_webhook_verification_key=key),
            sendgrid.event(of_sendgrid, "delivered", url=HUB),
        ),
        (
            MailgunTrackingWebhookView.as_view(webhook_signing_key=mailgun.signing_key),
            mailgun.event(of_mailgun, "delivered", url=HUB),
        ),
    ):
        (event,) = events_of(view, callback)
        assert (event.event_type, event.recipient) == ("delivered", "alice@example.com")
        assert event.metadata == {"delivery_id": "d1"}
        spoilt = callback.body.replace(b'"signature": "', b'"signature": "0').replace(b"delivered", b"bounced")
        with pytest.raises(AnymailWebhookValidationFailure):
            events_of(view, Callback(HUB, spoilt, callback.headers))


def test_events_of_postmark_and_ses_are_known_by_a_password(settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "hub:secret"}
    send("postmark")
    send("amazon_ses")
    of_postmark, of_ses = recorder.taken()
    view = PostmarkTrackingWebhookView.as_view()
    hard = {"Type": "HardBounce", "Description": "gone"}
    (event,) = events_of(view, postmark.event(of_postmark, "Bounce", url=HUB, secret="hub:secret", more=hard))
    assert (event.event_type, event.message_id) == ("bounced", of_postmark.id)
    with pytest.raises(AnymailWebhookValidationFailure):
        events_of(view, postmark.event(of_postmark, "Bounce", url=HUB))
    permanent = {"bounceType": "Permanent", "bounceSubType": "General"}
    callback = ses.event(of_ses, "Bounce", url=HUB, more=permanent)
    known = {**callback.headers, "authorization": basic("hub", "secret")}
    (event,) = events_of(AmazonSESTrackingWebhookView.as_view(), Callback(HUB, callback.body, known))
    assert (event.event_type, event.message_id) == ("bounced", of_ses.id)


def test_ses_asks_a_new_subscriber_to_confirm() -> None:
    fields = json.loads(ses.confirmation(HUB).body)
    assert fields["Type"] == "SubscriptionConfirmation"
    with urllib.request.urlopen(fields["SubscribeURL"], timeout=20) as answer:
        assert answer.status == 200
