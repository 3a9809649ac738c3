"""Reads of devices."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db.models import QuerySet

from hub.audience.models import Subscriber
from hub.devices.models import Device
from hub.exceptions import NotFound


@dataclass(frozen=True, slots=True)
class PushTarget:
    """What it takes to push to a device. `keys`: `p256dh` and `auth` of a Web Push subscription, else empty."""

    device_id: UUID
    external_id: str
    platform: str
    token: str
    keys: Mapping[str, str]
    app: str
    environment: str
    locale: str


# SQL on `hub_subscriber s`: whether there is a device to push to
HAS_DEVICE = "EXISTS (SELECT FROM hub_device d WHERE d.subscriber_id = s.id AND d.deactivated_at IS NULL)"


def devices(subscriber: Subscriber) -> QuerySet[Device]:
    """The subscriber's devices, those that are not active any more too."""
    return Device.objects.filter(subscriber=subscriber)


def get_device(subscriber: Subscriber, external_id: str) -> Device:
    """The subscriber's device by the id that its client chose. Raises NotFound."""
    found = devices(subscriber).filter(external_id=external_id).first()
    if found is None:
        raise NotFound("There is no such device.")
    return found


def push_targets(subscriber_ids: Collection[UUID]) -> dict[UUID, Sequence[PushTarget]]:
    """The active devices of each subscriber, in one query. Who has none is absent."""
    found: defaultdict[UUID, list[PushTarget]] = defaultdict(list)
    for device in Device.objects.filter(subscriber__in=subscriber_ids, deactivated_at=None).order_by("id"):
        target = PushTarget(
            device_id=device.pk,
            external_id=device.external_id,
            platform=device.platform,
            token=device.token,
            keys=orjson.loads(device.keys) if device.keys else {},
            app=device.app,
            environment=device.environment,
            locale=device.locale,
        )
        found[device.subscriber_id].append(target)
    return dict(found)
