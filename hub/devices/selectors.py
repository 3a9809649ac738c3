"""Reads of devices."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db.models import QuerySet

from hub.audience.models import Subscriber
from hub.devices.models import Device
from hub.exceptions import NotFound
from hub.rows import Question, array
from hub.tenancy.crypto import decrypted


class PushTarget(NamedTuple):
    """What it takes to push to a device. `keys`: `p256dh` and `auth` of a Web Push subscription, else empty."""

    device_id: UUID
    external_id: str
    platform: str
    app: str
    environment: str
    locale: str
    token: str
    keys: Mapping[str, str]


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


_TARGETS = """
SELECT subscriber_id, token, keys, id, external_id, platform, app, environment, locale FROM hub_device
WHERE subscriber_id = ANY(%s::uuid[]) AND deactivated_at IS NULL ORDER BY id
"""


def push_targets(subscriber_ids: Collection[UUID]) -> Question[dict[UUID, Sequence[PushTarget]]]:
    """The active devices of each subscriber. Who has none is absent."""
    found: defaultdict[UUID, list[PushTarget]] = defaultdict(list)
    rows = yield _TARGETS, [array(subscriber_ids)]
    for subscriber_id, token, keys, *fields in rows:
        secrets = {"token": decrypted(token), "keys": orjson.loads(decrypted(keys) or "{}")}
        found[subscriber_id].append(PushTarget(*fields, **secrets))
    return dict(found)
