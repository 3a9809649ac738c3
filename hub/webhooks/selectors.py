"""Reads of a tenant's webhooks and what they were told."""

from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from hub.exceptions import NotFound
from hub.tenancy.models import Tenant
from hub.webhooks.models import Webhook, WebhookDelivery


def webhooks(*, tenant: Tenant) -> QuerySet[Webhook]:
    """The tenant's, disabled ones too."""
    return Webhook.objects.filter(tenant=tenant, deleted_at__isnull=True)


def get_webhook(*, tenant: Tenant, webhook_id: UUID, lock: bool = False) -> Webhook:
    """The tenant's webhook; with `lock`, held until the caller's transaction ends. Raises NotFound."""
    rows = webhooks(tenant=tenant).filter(pk=webhook_id)
    found = (rows.select_for_update(no_key=True) if lock else rows).first()
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


def deliveries(*, webhook: Webhook, state: str | None = None) -> QuerySet[WebhookDelivery]:
    """What it was told, or is yet to be told."""
    found = WebhookDelivery.objects.filter(webhook=webhook)
    return found if state is None else found.filter(state=state)


def get_webhook_delivery(*, tenant: Tenant, webhook_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """One of them, with its attempts. Raises NotFound."""
    of_it = deliveries(webhook=get_webhook(tenant=tenant, webhook_id=webhook_id)).prefetch_related("tries")
    found = of_it.filter(pk=delivery_id).first()
    if found is None:
        raise NotFound("This webhook has no such delivery.")
    return found


_OVERDUE = """
SELECT COALESCE(extract(epoch FROM now() - min(o.due_at)), 0)::float8 FROM hub_webhook w CROSS JOIN LATERAL (
    SELECT due_at FROM hub_webhookdelivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' ORDER BY due_at LIMIT 1
) o WHERE w.disabled_at IS NULL AND o.due_at <= now()
"""


def overdue() -> float:
    """For how many seconds what is longest due at any tenant's webhook has been."""
    with connection.cursor() as db:
        db.execute(_OVERDUE)
        return float(db.fetchone()[0])
