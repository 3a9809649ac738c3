"""Mail: Anymail's own webhook views verify and read what ESPs tell; what they make of it is put into our words."""

import io
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from anymail.exceptions import AnymailInsecureWebhookWarning, AnymailNotSupportedWarning
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest

from deliveries.callbacks.base import Reader, received_at
from deliveries.callbacks.sns_signature import notification_in, verify
from hub.callbacks.events import Call, Event, Kind, Unverified
from hub.ids import parse_uuid
from hub.providers.accounts import Account

# what Anymail's views call the `user:password` that those who sign nothing may show
_SHOWN = "webhook_secret"
# esp → its view, and the argument that takes what its calls are signed with; None: their address proves them, and a password
# in it if the account has one
VIEWS: dict[str, tuple[Any, str | None]] = {
    "amazon_ses": (AmazonSESTrackingWebhookView, None),
    "brevo": (BrevoTrackingWebhookView, None),
    "mailgun": (MailgunTrackingWebhookView, "webhook_signing_key"),
    "mailjet": (MailjetTrackingWebhookView, None),
    "postmark": (PostmarkTrackingWebhookView, None),
    "resend": (ResendTrackingWebhookView, "signing_secret"),
    "sendgrid": (SendGridTrackingWebhookView, "tracking_webhook_verification_key"),
    "sparkpost": (SparkPostTrackingWebhookView, None),
}
_KINDS = {
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.REJECTED: Kind.FAILED,
    EventType.FAILED: Kind.FAILED,
    EventType.BOUNCED: Kind.BOUNCED,
    EventType.COMPLAINED: Kind.COMPLAINED,
    EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
    EventType.OPENED: Kind.OPENED,
    EventType.CLICKED: Kind.CLICKED,
}
# the mailbox is not there; what is spam, blocked or full may be taken tomorrow
_LASTING = frozenset({RejectReason.INVALID, RejectReason.BOUNCED})


class AnymailReader(Reader):
    """An account of kind `anymail`: `esp` says whose."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.esp, self.secret = self._whose()

    def lacks(self) -> str:
        _, signed_with = VIEWS.get(self.esp, (None, None))
        return self._setting(signed_with) if signed_with and not self.secret else ""

    def verify(self, call: Call) -> None:
        if self.esp == "amazon_ses":
            verify(call)
            return
        view, _ = self._view()
        if lacking := self.lacks():
            raise Unverified(f"the account lacks {lacking}, which {self.esp} signs with")
        try:
            view.run_validators(_request(call))
        except SuspiciousOperation as error:
            raise Unverified("its signature is wrong") from error

    def read(self, call: Call) -> Sequence[Event]:
        if self.esp == "amazon_ses" and notification_in(call) is None:
            return []
        view, _ = self._view()
        return [made for event in view.parse_events(_request(call)) if (made := _event(event))]

    def _whose(self) -> tuple[str, str]:
        return str(self.account.config.get("esp", "")), str(self.account.config.get("callback_secret", ""))

    def _setting(self, signed_with: str) -> str:
        return "callback_secret"

    def _view(self) -> tuple[Any, str | None]:
        if self.esp not in VIEWS:
            raise Unverified(f"nothing is known of callbacks of {self.esp or 'this backend'}")
        kind, signed_with = VIEWS[self.esp]
        with warnings.catch_warnings():
            # that there is no basic authentication: the address is the secret, and the signature where there is one
            warnings.simplefilter("ignore", AnymailInsecureWebhookWarning)
            # that nobody at Anymail has an account with this ESP any more: it works as it did
            warnings.simplefilter("ignore", AnymailNotSupportedWarning)
            try:
                return kind(**({signed_with or _SHOWN: self.secret} if self.secret else {})), signed_with
            except (ImproperlyConfigured, ValueError, TypeError) as error:
                raise Unverified(f"callback_secret is none of {self.esp}") from error


class DjangoReader(AnymailReader):
    """The project's own mail settings, where they name a backend of Anymail's."""

    def _whose(self) -> tuple[str, str]:
        module = settings.EMAIL_BACKEND.split(".")
        esp = module[2] if settings.EMAIL_BACKEND.startswith("anymail.backends.") else ""
        signed_with = VIEWS.get(esp, (None, None))[1]
        known = getattr(settings, "ANYMAIL", {})
        return esp, str(known.get(f"{esp}_{signed_with}".upper(), "")) if signed_with else ""

    def _setting(self, signed_with: str) -> str:
        return f"ANYMAIL[{f'{self.esp}_{signed_with}'.upper()!r}]"


def _request(call: Call) -> WSGIRequest:
    """The call as Django would have it: Anymail's views ask for nothing else."""
    names = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}
    return WSGIRequest(
        {
            "REQUEST_METHOD": call.method,
            "PATH_INFO": "/",
            "SERVER_NAME": "hub",
            "SERVER_PORT": "443",
            "CONTENT_TYPE": call.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(call.body)),
            "wsgi.input": io.BytesIO(call.body),
            "wsgi.url_scheme": "https",
            **names,
        }
    )


def _event(told: AnymailTrackingEvent) -> Event | None:
    kind = _KINDS.get(told.event_type)
    if kind is None:
        return None
    delivery_id = parse_uuid((told.metadata or {}).get("delivery_id"))
    return Event(
        kind=kind,
        at=_instant(told.timestamp),
        message_id=str(told.message_id or ""),
        delivery_id=delivery_id,
        address=str(told.recipient or ""),
        code=str(told.reject_reason or ""),
        answer=str(told.mta_response or told.description or ""),
        lasting=kind == Kind.BOUNCED and _is_lasting(told),
        id=str(told.event_id or ""),
    )


def _is_lasting(told: AnymailTrackingEvent) -> bool:
    """Whether the mailbox is gone for good. Anymail's reasons leave out what some ESPs say of it."""
    said = told.esp_event if isinstance(told.esp_event, dict) else {}
    if "sg_event_id" in said:
        return bool(said.get("type", "bounce") == "bounce")
    if isinstance(said.get("bounce"), dict):
        return bool(said["bounce"].get("bounceType") == "Permanent")
    if "RecordType" in said:
        return said.get("Type") in ("HardBounce", "BadEmailAddress")
    return told.reject_reason in _LASTING


def _instant(timestamp: datetime | None) -> datetime:
    return timestamp.astimezone(UTC) if timestamp else received_at()
