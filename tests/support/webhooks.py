"""Webhooks of a tenant, and what they are owed."""

from datetime import timedelta
from typing import Any

from django.db.models import F, Max
from django.db.models.functions import Now

from deliveries import webhooks
from hub.tenancy.models import Tenant
from hub.webhooks.models import Webhook, WebhookDelivery
from hub.webhooks.services import create_webhook

PUBLIC = "https://hooks.example.com/hub"


def make_webhook(tenant: Tenant, *events: str, url: str = PUBLIC) -> Webhook:
    return create_webhook(tenant=tenant, url=url, events=events or ["*"])


def told(webhook: Webhook) -> list[str]:
    """The types that it is or was owed, oldest first."""
    return list(
        WebhookDelivery.objects.filter(webhook=webhook).order_by("created_at", "id").values_list("type", flat=True)
    )


def owe_event(webhook: Webhook, **fields: Any) -> WebhookDelivery:
    """An event that is due now, unless `fields` say otherwise."""
    values = {"type": "item.read", "at": Now(), "data": {"id": "x"}} | fields
    delivery = WebhookDelivery.objects.create(tenant=webhook.tenant, webhook=webhook, **values)
    delivery.refresh_from_db()
    return delivery


def due_again(**fields: Any) -> None:
    """Whatever waits is due now."""
    WebhookDelivery.objects.filter(state="waiting", **fields).update(due_at=Now() - timedelta(seconds=1))


def end_leases() -> None:
    WebhookDelivery.objects.filter(state="claimed").update(lease_until=Now() - timedelta(seconds=1))


def pause_of(delivery: WebhookDelivery) -> float:
    """Seconds from its last answer until it is due, both as they are on record."""
    row = WebhookDelivery.objects.annotate(pause=F("due_at") - Max("tries__finished_at")).get(pk=delivery.pk)
    return float(row.pause.total_seconds())  # type: ignore[attr-defined]


def post() -> None:
    """What is due is posted, and its answers are on record."""
    webhooks.start()
    assert webhooks.join(30)


def tries(delivery: WebhookDelivery) -> list[int | None]:
    """What each call was answered, the first one first; None: nothing."""
    return list(delivery.tries.order_by("fence").values_list("status", flat=True))
