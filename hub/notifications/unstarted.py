"""While a notification has not started: cancel it, or change when it goes out.

Both hold the notification's lock, which every batch of a fan-out takes too: either they wait for the batch and find that it
has started, or no batch starts under them.
"""

from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from hub.clock import iso, now
from hub.exceptions import Conflict, NotFound
from hub.notifications.models import Change, FanOut, Notification
from hub.notifications.request import check_times
from hub.notifications.services import carry_out_after_commit
from hub.tenancy.models import Tenant
from hub.webhooks.outbox import notification_changed


class Times(TypedDict, total=False):
    """What `reschedule` can change."""

    send_at: datetime | None
    expires_at: datetime | None


@transaction.atomic
def cancel(*, tenant: Tenant, notification_id: UUID, by: str = "code") -> Notification:
    """Cancel what has not started. `by`: who asked, as the timeline tells it.

    Raises NotFound, or Conflict once its fan-out has begun.
    """
    notification = _locked(tenant, notification_id)
    if notification.status == Notification.Status.CANCELLED:
        return notification
    if not _cancel(notification, by):
        raise Conflict("The notification has been sent, or is being sent; it can't be cancelled any more.")
    return notification


@transaction.atomic
def cancel_by_key(*, tenant: Tenant, cancel_key: str, by: str = "code") -> int:
    """Cancel everything with this key that has not started. Returns how many."""
    waiting = [Notification.Status.ACCEPTED, Notification.Status.SCHEDULED]
    found = Notification.objects.filter(tenant=tenant, cancel_key=cancel_key, status__in=waiting).order_by("id")
    return sum(_cancel(notification, by) for notification in found.select_for_update(no_key=True))


@transaction.atomic
def reschedule(*, tenant: Tenant, notification_id: UUID, by: str = "code", **changes: Unpack[Times]) -> Notification:
    """Change `send_at`, `expires_at` or both of what has not started; None takes one away, so it is due now or never expires.

    Raises NotFound, InvalidRequest naming the time that is wrong, or Conflict once its fan-out has begun.
    """
    notification = _locked(tenant, notification_id)
    work = _unstarted(notification)
    if not work:
        raise Conflict(f"The notification is {notification.status}, or being sent; it can't be rescheduled any more.")
    before = {"send_at": notification.send_at, "expires_at": notification.expires_at}
    notification.send_at, notification.expires_at = check_times(
        tenant, changes.get("send_at", notification.send_at), changes.get("expires_at", notification.expires_at)
    )
    waits = notification.send_at is not None
    notification.status = Notification.Status.SCHEDULED if waits else Notification.Status.ACCEPTED
    notification.save(update_fields=["send_at", "expires_at", "status"])
    FanOut.objects.filter(pk__in=work).update(due_at=notification.send_at or Now())
    if moved := _moved(before, notification):
        notification.changes.create(tenant=tenant, kind=Change.Kind.RESCHEDULED, by=by, moved=moved)
        notification_changed("notification.rescheduled", notification.pk)
    if not waits:
        carry_out_after_commit([notification])
    return notification


def _locked(tenant: Tenant, notification_id: UUID) -> Notification:
    """The notification under its lock: no batch of its fan-out runs, and none begins, before this transaction ends."""
    found = Notification.objects.select_for_update(of=("self",), no_key=True).select_related("tenant")
    notification = found.filter(tenant=tenant, id=notification_id).first()
    if notification is None:
        raise NotFound("There is no such notification.")
    return notification


def _unstarted(notification: Notification) -> list[UUID]:
    """The work of fanning it out; empty once that has begun, or was given up."""
    waiting = FanOut.objects.filter(
        notification=notification, operation=FanOut.Operation.DELIVER, started_at=None, done_at=None
    )
    return list(waiting.values_list("pk", flat=True))


def _moved(before: dict[str, datetime | None], notification: Notification) -> dict[str, Any]:
    """Each time that is another now, as it was and as it is."""
    times = {name: (iso(was), iso(getattr(notification, name))) for name, was in before.items()}
    return {name: {"from": was, "to": at} for name, (was, at) in times.items() if was != at}


def _cancel(notification: Notification, by: str) -> bool:
    work = _unstarted(notification)
    if not work:
        return False
    present = now()
    FanOut.objects.filter(pk__in=work).update(done_at=present)
    notification.status, notification.cancelled_at = Notification.Status.CANCELLED, present
    notification.save(update_fields=["status", "cancelled_at"])
    notification.changes.create(tenant_id=notification.tenant_id, kind=Change.Kind.CANCELLED, by=by)
    notification_changed("notification.cancelled", notification.pk)
    return True
