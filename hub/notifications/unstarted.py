"""While it has not started: cancel it. Every change takes the lock of the fan-out first, as the fan-out itself does."""

from uuid import UUID

from django.db import transaction

from hub.clock import now
from hub.exceptions import Conflict, NotFound
from hub.notifications.models import FanOut, Notification
from hub.tenancy.models import Tenant


@transaction.atomic
def cancel(*, tenant: Tenant, notification_id: UUID) -> Notification:
    """Cancel what has not started. Raises NotFound, or Conflict once its fan-out has begun."""
    notification = Notification.objects.select_for_update(no_key=True).filter(tenant=tenant, id=notification_id).first()
    if notification is None:
        raise NotFound("There is no such notification.")
    if notification.status == Notification.Status.CANCELLED:
        return notification
    if not _cancel(notification):
        raise Conflict("The notification has been sent, or is being sent; it can't be cancelled any more.")
    return notification


@transaction.atomic
def cancel_by_key(*, tenant: Tenant, cancel_key: str) -> int:
    """Cancel everything with this key that has not started. Returns how many."""
    waiting = [Notification.Status.ACCEPTED, Notification.Status.SCHEDULED]
    found = Notification.objects.filter(tenant=tenant, cancel_key=cancel_key, status__in=waiting).order_by("id")
    return sum(_cancel(notification) for notification in found.select_for_update(no_key=True))


def _cancel(notification: Notification) -> bool:
    open_work = FanOut.objects.select_for_update(no_key=True).filter(notification=notification, started_at__isnull=True)
    if not open_work.filter(done_at__isnull=True).exists():
        return False
    present = now()
    open_work.update(done_at=present)
    notification.status, notification.cancelled_at = Notification.Status.CANCELLED, present
    notification.save(update_fields=["status", "cancelled_at"])
    return True
