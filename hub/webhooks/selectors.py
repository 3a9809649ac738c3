"""Reads of a tenant's webhooks and what they were told."""

from uuid import UUID

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
