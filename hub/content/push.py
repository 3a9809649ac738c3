"""How a push looks and behaves besides what it says: on all devices, on those of a platform, on one."""

from collections.abc import Mapping
from typing import Any

from hub.content.safety import check_fetched
from hub.content.values import Check, checked_object, line, plain_object
from hub.exceptions import InvalidRequest

MAX_SOUND = 100
MAX_COLLAPSE_ID = 64
# what a push carries for the app, of the 4 KB that there are; more of the notification's own is left out
MAX_PUSH_DATA = 1024
# seconds that a push is kept for a device that is off: as long as every platform keeps it
LONGEST_TTL = 28 * 24 * 3600
MAX_DEVICES = 100


def check_push(value: object, *, field: str, words: Mapping[str, Check]) -> dict[str, Any]:
    """`overrides.push` as it is stored. `words`: what it may say, and the checks of that.

    The same again may stand under `fcm`, `apns` and `web_push`, and under `devices` by the id of a device. Raises
    InvalidRequest naming the field.
    """
    one = {**words, **_OPTIONS}

    def of_one(fields: object, field: str) -> dict[str, Any]:
        return checked_object(fields, field=field, checks=one)

    def of_devices(devices: object, field: str) -> dict[str, Any]:
        if not isinstance(devices, dict) or len(devices) > MAX_DEVICES:
            raise InvalidRequest.on(field, f"Must be an object of {MAX_DEVICES} devices at most.", "type")
        return {name: of_one(fields, f"{field}.{name}") for name, fields in devices.items()}

    platforms = dict.fromkeys(("fcm", "apns", "web_push"), of_one)
    return checked_object(value, field=field, checks={**one, **platforms, "devices": of_devices})


def _ttl(value: object, field: str) -> int:
    if type(value) is not int or not 0 <= value <= LONGEST_TTL:
        raise InvalidRequest.on(field, f"Must be a whole number of seconds up to {LONGEST_TTL}.")
    return value


def _priority(value: object, field: str) -> str:
    if value not in ("low", "high"):
        raise InvalidRequest.on(field, "Use low or high.")
    return str(value)


def _data(value: object, field: str) -> dict[str, Any]:
    return plain_object(value, field=field, limit=MAX_PUSH_DATA)


_OPTIONS: dict[str, Check] = {
    "sound": line(MAX_SOUND),
    "image": check_fetched,
    "ttl": _ttl,
    "collapse_id": line(MAX_COLLAPSE_ID),
    "priority": _priority,
    "data": _data,
}
