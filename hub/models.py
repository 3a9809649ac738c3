"""Every table of the hub, gathered from the concepts that own them, as Django wants them in one place."""

from hub.audience.models import Stream, Subscriber, Topic, TopicMember
from hub.callbacks.models import Callback, DeliveryEvent
from hub.chat.models import ChatAddress
from hub.consent.models import Consent
from hub.content.models import EventType, Rendition, Template, TemplateVersion
from hub.devices.models import Device
from hub.fallback.models import Attempt, DeadLetter, Delivery, DeliveryDestination, Withdrawal
from hub.inbox.models import InboxItem
from hub.notifications.models import Change, FanOut, Idempotency, Notification
from hub.preferences.models import Preference
from hub.providers.models import Provider
from hub.suppression.models import Suppression
from hub.tenancy.models import ApiKey, SigningKey, Tenant
from hub.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery

__all__ = [
    "ApiKey",
    "Attempt",
    "Callback",
    "Change",
    "ChatAddress",
    "Consent",
    "DeadLetter",
    "Delivery",
    "DeliveryDestination",
    "DeliveryEvent",
    "Device",
    "EventType",
    "FanOut",
    "Idempotency",
    "InboxItem",
    "Notification",
    "Preference",
    "Provider",
    "Rendition",
    "SigningKey",
    "Stream",
    "Subscriber",
    "Suppression",
    "Template",
    "TemplateVersion",
    "Tenant",
    "Topic",
    "TopicMember",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "Withdrawal",
]
