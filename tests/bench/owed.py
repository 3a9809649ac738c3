"""People with an address on every channel, and what they are owed there."""

from hashlib import sha256

from hub.audience.models import Subscriber
from hub.audience.services import ensure_subscribers
from hub.devices.models import Device
from hub.fallback.models import Delivery
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.tenancy.models import Tenant
from tests.support.deliveries import CONTENT


def people(count: int) -> list[Subscriber]:
    """Each with a phone, a mailbox and a device of FCM's."""
    tenant = Tenant.objects.get()
    ensure_subscribers(tenant=tenant, external_ids=[f"person-{number:05}" for number in range(count)])
    rows = list(Subscriber.objects.filter(tenant=tenant))
    for number, row in enumerate(rows):
        row.phone, row.email, row.tenant = f"+49151{number:08}", f"person-{number:05}@example.com", tenant
    Subscriber.objects.bulk_update(rows, ["phone", "email"], batch_size=1000)
    Device.objects.bulk_create([_device(row) for row in rows], batch_size=1000)
    return rows


def _device(owner: Subscriber) -> Device:
    token = f"{owner.external_id}:{'x' * 140}"
    return Device(
        tenant=owner.tenant,
        subscriber=owner,
        external_id="phone",
        platform="fcm",
        token=token,
        digest=sha256(token.encode()).hexdigest(),
    )


def owe(rows: list[Subscriber], channel: str, *, shared: bool = True) -> None:
    """A delivery to each: of one notification, or each of a notification of its own."""
    told = [_notification(row) for row in (rows[:1] if shared else rows)]
    Notification.objects.bulk_create(told, batch_size=1000)
    items = [
        InboxItem(
            tenant=row.tenant,
            notification=told[0] if shared else told[number],
            subscriber=row,
            category="general",
            seq=1,
            surfaced_seq=1,
        )
        for number, row in enumerate(rows)
    ]
    InboxItem.objects.bulk_create(items, batch_size=1000)
    Delivery.objects.bulk_create([_delivery(item, channel) for item in items], batch_size=1000)


def _notification(subscriber: Subscriber) -> Notification:
    words = CONTENT | {"title": f"Hello {subscriber.external_id}"}
    return Notification(
        tenant=subscriber.tenant,
        event="message",
        category="general",
        audience={"to": [subscriber.external_id]},
        content=words,
        creator="code",
    )


def _delivery(item: InboxItem, channel: str) -> Delivery:
    return Delivery(
        tenant=item.tenant,
        notification=item.notification,
        item=item,
        subscriber=item.subscriber,
        channel=channel,
        lane="high",
        step=0,
        after=0,
        absent=True,
        cancel_level=2,
        due_at=item.subscriber.created_at,
    )
