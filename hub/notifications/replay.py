"""Sending again what was sent: a notification of its own, with the words as they were."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.clock import now
from hub.exceptions import Conflict, InvalidRequest
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.notifications.selectors import get_notification
from hub.notifications.services import accept
from hub.tenancy.models import Tenant
from hub.trace import request_id

MAX_RECIPIENTS = 10_000
# what is the replay's own; all else is copied, whatever a notification comes to have
_OWN = {"id", "status", "audience", "send_at", "expires_at", "creator", "created_at", "processed_at", "cancelled_at"}
_OWN |= {"tenant", "request_id", "retracted_at", "replay_of", "recipients"}


def replay(
    *, tenant: Tenant, notification_id: UUID, creator: str, to: str | Sequence[str] | None = None
) -> Notification:
    """Accept the notification once more, in the caller's transaction: the same words, ladder, tags and keys.

    `to`: some of those who got it; without, its audience as it is asked for now (a topic's members of today). Raises
    NotFound, Forbidden for a suspended tenant, InvalidRequest, or Conflict while it is not sent or once it was withdrawn.
    """
    source = get_notification(tenant=tenant, notification_id=notification_id)
    if source.status != Notification.Status.PROCESSED:
        raise Conflict(f"The notification is {source.status}; only one that has been sent can be sent again.")
    fields = [field for field in Notification._meta.concrete_fields if field.name not in _OWN]
    again = Notification(
        **{field.attname: getattr(source, field.attname) for field in fields},
        tenant=tenant,
        audience=_audience(source) if to is None else _narrower(source, to),
        expires_at=_expires_at(source),
        creator=creator,
        request_id=request_id(),
        replay_of=source,
    )
    accept([again])
    return again


def _audience(source: Notification) -> dict[str, Any]:
    """Who was described inline is known by now: their profile is not set back to what it was."""
    if "to" not in source.audience:
        return dict(source.audience)
    return {**source.audience, "to": [_named(entry) for entry in source.audience["to"]]}


def _named(entry: Any) -> Any:
    return entry.get("external_id", entry) if isinstance(entry, dict) else entry


def _narrower(source: Notification, to: str | Sequence[str]) -> dict[str, Any]:
    wanted = [to] if isinstance(to, str) else to
    if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
        raise InvalidRequest.on("to", "must be a subscriber's id or a list of them", "type")
    if not 1 <= len(wanted) <= MAX_RECIPIENTS:
        raise InvalidRequest.on("to", f"must name 1 to {MAX_RECIPIENTS} recipients")
    items = InboxItem.objects.filter(notification=source, subscriber__external_id__in=wanted)
    got = set(items.values_list("subscriber__external_id", flat=True))
    for number, one in enumerate(wanted):
        if one not in got:
            raise InvalidRequest.on(f"to.{number}", f"{one!r} did not get this notification", "not_found")
    return {"to": sorted(got)}


def _expires_at(source: Notification) -> datetime | None:
    """It lives as long as the first time."""
    if source.expires_at is None:
        return None
    return now(source.tenant_id) + (source.expires_at - (source.send_at or source.created_at))
