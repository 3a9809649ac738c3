"""Registering devices, and letting them go."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hub.audience.models import Subscriber
from hub.audience.profile import check_locale
from hub.conf import conf
from hub.content.values import check_text
from hub.devices.models import Device
from hub.devices.tokens import Address, checked_address
from hub.exceptions import InvalidRequest, NotFound
from hub.history import GONE, Gone, entry, gone_values, noted
from hub.ids import uuid7
from hub.tenancy.crypto import encrypted

MAX_ID = 128
# of one subscriber: devices that are pushed to, and devices that are remembered
MOST_ACTIVE = 20
MOST_KNOWN = 100
_BUNDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


def register(
    *,
    subscriber: Subscriber,
    external_id: str,
    platform: str,
    token: Any = None,
    subscription: Any = None,
    environment: str = Device.Environment.PRODUCTION,
    **about: Any,
) -> Device:
    """A device as it is now: made, refreshed, changed or active again. `about`: app, name, locale.

    Its token leaves every other device of the tenant, in the same transaction. Raises InvalidRequest, and NotFound for a
    subscriber who was erased.
    """
    address = checked_address(platform, token, subscription)
    if environment != Device.Environment.PRODUCTION and platform != Device.Platform.APNS:
        raise InvalidRequest.on("environment", "Only APNs has a sandbox.")
    wanted = {
        "external_id": _checked_id(external_id),
        "environment": environment,
        "app": _checked_app(platform, about.get("app", "")),
        "name": check_text(about.get("name", ""), field="name", limit=200),
        "locale": check_locale(about.get("locale", "")),
    }
    with transaction.atomic():
        _lock(subscriber, address)
        _let_go_of(subscriber, external_id, address)
        device_id = _save(subscriber, address, wanted)
        _make_room(subscriber)
        return Device.objects.get(pk=device_id)


def remove(*, subscriber: Subscriber, external_id: str) -> None:
    """What the client does as somebody signs out. Twice is once. Raises NotFound."""
    device = Device.objects.filter(subscriber=subscriber, external_id=external_id).first()
    if device is None:
        raise NotFound("There is no such device.")
    _deactivate("d.id = %(id)s", {"id": device.pk}, reason=Device.Reason.REMOVED)


def deactivate_gone(gone: Sequence[Gone]) -> int:
    """Push to these no more, unless they were registered again since. Returns how many were active."""
    chosen, reason = "d.id = g.id AND d.refreshed_at <= g.sent_at", Device.Reason.UNREGISTERED
    return _deactivate(chosen, gone_values(gone), reason=reason, among=f", {GONE}", word="g.word")


def deactivate(*, tenant_id: UUID, device_ids: Sequence[UUID], reason: str) -> int:
    """Push to these devices of a tenant no more. Returns how many were active."""
    chosen = {"tenant": tenant_id, "ids": list(device_ids)}
    return _deactivate("d.tenant_id = %(tenant)s AND d.id = ANY(%(ids)s)", chosen, reason=reason)


def deactivate_stale(limit: int = 500) -> int:
    """Let go of FCM tokens that nobody has refreshed for `device_max_age`. Returns how many.

    FCM takes a token for dead after 270 days without a connection; of the others the provider's word is enough.
    """
    stale = """
        d.id IN (SELECT id FROM hub_device WHERE deactivated_at IS NULL AND platform = 'fcm'
                 AND refreshed_at < now() - %(age)s * interval '1 second' ORDER BY refreshed_at LIMIT %(limit)s)
    """
    return _deactivate(stale, {"age": conf.device_max_age, "limit": limit}, reason=Device.Reason.STALE)


def _lock(subscriber: Subscriber, address: Address) -> None:
    """Whoever registers the same token waits here; then the subscriber, then all the devices that may change, by id.

    So two that swap their tokens at the same instant take turns.
    """
    token = f"device/{subscriber.tenant_id}/{address.digest}"
    mine: dict[str, Any] = {"subscriber": subscriber.pk, "tenant": subscriber.tenant_id, "digest": address.digest}
    with connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [token])
        db.execute("SELECT FROM hub_subscriber WHERE id = %s FOR NO KEY UPDATE", [subscriber.pk])
        if not db.rowcount:
            raise NotFound("There is no such subscriber.")
        db.execute(
            "SELECT FROM hub_device WHERE subscriber_id = %(subscriber)s "
            "OR (tenant_id = %(tenant)s AND digest = %(digest)s AND deactivated_at IS NULL) ORDER BY id FOR UPDATE",
            mine,
        )


def _let_go_of(subscriber: Subscriber, external_id: str, address: Address) -> None:
    others = """
        d.tenant_id = %(tenant)s AND d.digest = %(digest)s
        AND NOT (d.subscriber_id = %(subscriber)s AND d.external_id = %(external_id)s)
    """
    arguments = {
        "tenant": subscriber.tenant_id,
        "digest": address.digest,
        "subscriber": subscriber.pk,
        "external_id": external_id,
    }
    _deactivate(others, arguments, reason=Device.Reason.MOVED)


# What is noted when a device is registered again: nothing, for one that is only refreshed.
_SAVE = """
INSERT INTO hub_device AS d (id, tenant_id, subscriber_id, external_id, platform, token, keys, digest, app, environment,
    name, locale, history, reason, created_at, refreshed_at)
VALUES (%(id)s, %(tenant)s, %(subscriber)s, %(external_id)s, %(platform)s, %(token)s, %(keys)s, %(digest)s, %(app)s,
    %(environment)s, %(name)s, %(locale)s, jsonb_build_array({registered}), '', clock_timestamp(), clock_timestamp())
ON CONFLICT (subscriber_id, external_id) DO UPDATE SET platform = excluded.platform, token = excluded.token,
    keys = excluded.keys, digest = excluded.digest, app = excluded.app, environment = excluded.environment,
    name = excluded.name, locale = excluded.locale, reason = '', deactivated_at = NULL, refreshed_at = clock_timestamp(),
    history = CASE WHEN d.deactivated_at IS NOT NULL THEN {again}
                   WHEN d.digest <> excluded.digest THEN {changed} ELSE d.history END
RETURNING id
"""


def _save(subscriber: Subscriber, address: Address, wanted: dict[str, Any]) -> UUID:
    statement = _SAVE.format(
        registered=entry("registered"),
        again=noted(entry("registered")),
        changed=noted(entry("token_changed")),
    )
    arguments = wanted | {
        "id": uuid7(),
        "tenant": subscriber.tenant_id,
        "subscriber": subscriber.pk,
        "platform": address.platform,
        "token": encrypted(address.token),
        "keys": encrypted(address.keys),
        "digest": address.digest,
    }
    with connection.cursor() as db:
        db.execute(statement, arguments)
        device_id: UUID = db.fetchone()[0]
    return device_id


def _make_room(subscriber: Subscriber) -> None:
    """Those that were heard of longest ago give way, and of those that are not active any more some are forgotten."""
    arguments: dict[str, Any] = {"subscriber": subscriber.pk, "active": MOST_ACTIVE, "known": MOST_KNOWN}
    beyond = """
        d.id IN (SELECT id FROM hub_device WHERE subscriber_id = %(subscriber)s AND deactivated_at IS NULL
                 ORDER BY refreshed_at DESC, id DESC OFFSET %(active)s)
    """
    _deactivate(beyond, arguments, reason=Device.Reason.TOO_MANY)
    with connection.cursor() as db:
        db.execute(
            "DELETE FROM hub_device WHERE id IN (SELECT id FROM hub_device WHERE subscriber_id = %(subscriber)s "
            "ORDER BY deactivated_at DESC NULLS FIRST, id DESC OFFSET %(known)s)",
            arguments,
        )


def _deactivate(chosen: str, arguments: dict[str, Any], *, reason: str, among: str = "", word: str = "''") -> int:
    """Deactivate the active devices that are `chosen`, locked in order of their ids. Returns how many."""
    statement = f"""
        WITH found AS (
            SELECT d.id, {word} AS word FROM hub_device d{among} WHERE d.deactivated_at IS NULL AND {chosen}
            ORDER BY d.id FOR UPDATE OF d
        )
        UPDATE hub_device d SET deactivated_at = clock_timestamp(), reason = %(reason)s::text,
            history = {noted(entry("deactivated", "%(reason)s", "f.word"))}
        FROM found f WHERE d.id = f.id AND d.deactivated_at IS NULL
    """  # noqa: S608 conditions of this file
    with connection.cursor() as db:
        db.execute(statement, arguments | {"reason": reason})
        return int(db.rowcount)


def _checked_app(platform: str, value: object) -> str:
    """To APNs it is a header: what is no bundle id could end the connection for everybody whose pushes are on it."""
    text = check_text(value, field="app", limit=200)
    if text and platform == Device.Platform.APNS and not _BUNDLE.fullmatch(text):
        raise InvalidRequest.on("app", "Give the bundle id, such as com.example.shop.")
    return text


def _checked_id(value: object) -> str:
    text = check_text(value, field="device", limit=MAX_ID)
    if not text or not text.isprintable():
        raise InvalidRequest.on("device", f"A device's id has 1 to {MAX_ID} printable characters.", "required")
    return text
