"""Accept: one row in the caller's transaction. Once that commits, the notification will be carried out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from hub.clock import now
from hub.conf import conf
from hub.content.models import EventType
from hub.content.render import render
from hub.content.values import check_text
from hub.exceptions import Conflict, Forbidden, InvalidRequest, NotFound
from hub.ids import uuid7
from hub.notifications import fan_out
from hub.notifications.audience import parse_to, size_hint
from hub.notifications.models import FanOut, Notification
from hub.tenancy.models import Tenant
from hub.wake import wake_fan_out

MESSAGE = "message"
MAX_AHEAD = timedelta(days=366)


def notify(
    *,
    tenant: Tenant,
    to: Any,
    event: str = "",
    title: str = "",
    body: str = "",
    html: str = "",
    data: dict[str, Any] | None = None,
    action_url: str = "",
    actions: Sequence[dict[str, Any]] = (),
    actor: dict[str, Any] | None = None,
    priority: str = "normal",
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    group_key: str = "",
    cancel_key: str = "",
    tags: Sequence[str] = (),
    creator: str = "code",
) -> Notification:
    """Accept a notification in the caller's transaction: it commits, or rolls back, with the business change.

    `to`: a subscriber's id, a list, `{"topic": key}`, an inline subscriber `{"id", "email", …}` or a bare `{"email"}`.
    Without `event` it goes out as the built-in `message` type. Raises InvalidRequest naming each field, and Forbidden for
    a suspended tenant.
    """
    if tenant.status != Tenant.Status.ACTIVE:
        raise Forbidden("This tenant is suspended.")
    event_type = _event_type(tenant, event)
    _check_fields(priority=priority, group_key=group_key, cancel_key=cancel_key, tags=tags)
    due_at = _check_times(send_at, expires_at)
    notification = Notification(
        tenant=tenant,
        event_type=event_type,
        event=event_type.key if event_type else MESSAGE,
        category=event_type.category if event_type else MESSAGE,
        required=bool(event_type and event_type.required),
        status=Notification.Status.SCHEDULED if due_at else Notification.Status.ACCEPTED,
        priority=priority,
        audience=parse_to(tenant, to),
        content=render(
            event_type=event_type,
            title=title,
            body=body,
            html=html,
            action_url=action_url,
            actions=actions,
            actor=actor,
            data=data,
        ),
        ladder=event_type.ladder if event_type else conf.message_ladder,
        tags=list(tags),
        group_key=group_key,
        cancel_key=cancel_key,
        send_at=due_at,
        expires_at=expires_at,
        creator=creator,
    )
    _save(notification)
    return notification


# One statement: the notification and its work are there together or not at all, even outside a transaction.
_ACCEPT = """
WITH accepted AS (
    INSERT INTO hub_notification (id, tenant_id, event_type_id, event, category, required, status, priority, audience,
        content, ladder, tags, group_key, cancel_key, send_at, expires_at, creator, recipients)
    VALUES (%(id)s, %(tenant_id)s, %(event_type_id)s, %(event)s, %(category)s, %(required)s, %(status)s, %(priority)s,
        %(audience)s, %(content)s, %(ladder)s, %(tags)s, %(group_key)s, %(cancel_key)s, %(send_at)s, %(expires_at)s,
        %(creator)s, 0)
    RETURNING id, tenant_id, created_at
)
INSERT INTO hub_fanout (id, tenant_id, notification_id, operation, part, cursor, due_at, failures, error)
SELECT %(work)s, tenant_id, id, 'deliver', 0, '', COALESCE(%(send_at)s, now()), 0, '' FROM accepted
RETURNING (SELECT created_at FROM accepted)
"""


def _save(notification: Notification) -> None:
    columns = {field.attname: getattr(notification, field.attname) for field in Notification._meta.concrete_fields}
    documents = {name: orjson.dumps(columns[name]).decode() for name in ("audience", "content", "ladder")}
    with connection.cursor() as db:
        db.execute(_ACCEPT, columns | documents | {"work": uuid7(), "created_at": None})
        notification.created_at = db.fetchone()[0]
    notification._state.adding = False
    if notification.send_at is None:
        # Robust: a failure after the commit can't take back a promise, nor the caller's other hooks.
        transaction.on_commit(partial(_committed, notification), robust=True)


def _committed(notification: Notification) -> None:
    """A small audience is fanned out here and now; a big one by a worker."""
    size = size_hint(notification.audience)
    if size is not None and size <= conf.fan_out_inline_limit:
        fan_out.carry_out(notification)
    else:
        wake_fan_out(fan_out.lane_of(notification))


def _event_type(tenant: Tenant, event: str) -> EventType | None:
    if not event or event == MESSAGE:
        return None
    found = EventType.objects.filter(tenant=tenant, key=event).first()
    if found is None:
        raise InvalidRequest.on(
            "event", f"there is no event type {event!r}; make it with PUT /event-types", "not_found"
        )
    if not found.active:
        raise InvalidRequest.on("event", f"the event type {event!r} is not active", "inactive")
    return found


def _check_fields(*, priority: str, group_key: str, cancel_key: str, tags: Sequence[str]) -> None:
    check_text(group_key, field="group_key", limit=200)
    check_text(cancel_key, field="cancel_key", limit=200)
    if priority not in Notification.Priority.values:
        raise InvalidRequest.on("priority", f"must be one of {', '.join(Notification.Priority.values)}")
    if isinstance(tags, str) or len(tags) > 20 or not all(tags):
        raise InvalidRequest.on("tags", "must be at most 20 texts of 1 to 100 characters")
    for number, tag in enumerate(tags):
        check_text(tag, field=f"tags.{number}", limit=100)


def _check_times(send_at: datetime | None, expires_at: datetime | None) -> datetime | None:
    """`send_at` when it lies ahead, else None: what was due in the past is due now."""
    if send_at is None and expires_at is None:
        return None
    present = now()
    for name, value in (("send_at", send_at), ("expires_at", expires_at)):
        if value is not None and (value.tzinfo is None or value - present > MAX_AHEAD):
            raise InvalidRequest.on(name, f"must be an instant with its offset, within {MAX_AHEAD.days} days")
    if expires_at is not None and expires_at <= max(present, send_at or present):
        raise InvalidRequest.on("expires_at", "must be in the future, and after send_at")
    return send_at if send_at is not None and send_at > present else None


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
