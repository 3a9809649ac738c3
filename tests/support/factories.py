"""Rows to start from: tenants, subscribers with streams, and a notification that has been carried out."""

from itertools import count
from typing import Any
from uuid import UUID

import hub
from hub.audience.models import Stream, Subscriber
from hub.audience.services import upsert_subscriber
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.tenancy.models import Tenant

_numbers = count(1)


def make_tenant(slug: str = "", **fields: Any) -> Tenant:
    slug = slug or f"tenant-{next(_numbers)}"
    return Tenant.objects.create(slug=slug, name=slug.title(), **fields)


def make_subscriber(tenant: Tenant, external_id: str = "", **fields: Any) -> Subscriber:
    return upsert_subscriber(tenant=tenant, external_id=external_id or f"user-{next(_numbers)}", **fields)


def send(tenant: Tenant, to: Any, **fields: Any) -> Notification:
    """Notify, with a title if none is given. In a test without a transaction around it this fans out at once."""
    return hub.notify(tenant=tenant, to=to, **({"title": "Hello"} | fields))


def item_of(notification: Notification, subscriber: Subscriber) -> InboxItem:
    return InboxItem.objects.get(notification=notification, subscriber=subscriber)


def recount(subscriber_id: UUID) -> tuple[int, int]:
    """(unread, unseen), counted row by row."""
    visible = InboxItem.objects.filter(subscriber_id=subscriber_id, visible=True)
    return visible.filter(read_at=None).count(), visible.filter(seen_at=None).count()


def counts(subscriber_id: UUID) -> tuple[int, int]:
    stream = Stream.objects.get(subscriber_id=subscriber_id)
    return stream.unread, stream.unseen
