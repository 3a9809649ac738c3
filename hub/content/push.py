"""How a push looks and behaves besides what it says: on all devices, on those of a platform, on one."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.content.safety import check_url
from hub.content.values import check_text, plain_object
from hub.exceptions import InvalidRequest

Checks = Mapping[str, Callable[[object, str], Any]]

MAX_SOUND = 100
MAX_COLLAPSE_ID = 64
# what a push carries for the app, of the 4 KB that there are; more of the notification's own is left out
MAX_PUSH_DATA = 1024
# seconds that a push is kept for a device that is off: as long as every platform keeps it
LONGEST_TTL = 28 * 24 * 3600
MAX_DEVICES = 100


def check_push(value: object, *, path: str, words: Checks) -> dict[str, Any]:
    """`overrides.push` as it is stored. `words`: what it may say, and the checks of that.

    The same again may stand under `fcm`, `apns` and `web_push`, and under `devices` by the id of a device. Raises
    InvalidRequest naming the field.
    """
    one = {**words, **_OPTIONS}

    def of_one(fields: object, field: str) -> dict[str, Any]:
        return _checked(fields, field, one)

    def of_devices(devices: object, field: str) -> dict[str, Any]:
        if len(_object(devices, field)) > MAX_DEVICES:
            raise InvalidRequest.on(field, f"At most {MAX_DEVICES} devices.", "too_long")
        return {name: of_one(fields, f"{field}.{name}") for name, fields in _object(devices, field).items()}

    platforms = dict.fromkeys(("fcm", "apns", "web_push"), of_one)
    return _checked(value, path, {**one, **platforms, "devices": of_devices})


def _checked(value: object, path: str, known: Checks) -> dict[str, Any]:
    fields = _object(value, path)
    for name in fields:
        if name not in known:
            raise InvalidRequest.on(f"{path}.{name}"[:100], f"Use {', '.join(known)}.", "unknown_field")
    return {name: known[name](given, f"{path}.{name}") for name, given in fields.items()}


def _object(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest.on(path[:100], "Must be an object.", "type")
    return value


def _line(limit: int) -> Callable[[object, str], str]:
    return lambda value, field: check_text(value, field=field[:100], limit=limit).strip()


def _image(value: object, field: str) -> str:
    url = check_url(value, field=field[:100], mail=False)
    if not url.startswith("https:"):
        raise InvalidRequest.on(field[:100], "Use https:, as the device fetches it.", "url")
    return url


def _ttl(value: object, field: str) -> int:
    if type(value) is not int or not 0 <= value <= LONGEST_TTL:
        raise InvalidRequest.on(field[:100], f"Must be a whole number of seconds up to {LONGEST_TTL}.")
    return value


def _priority(value: object, field: str) -> str:
    if value not in ("low", "high"):
        raise InvalidRequest.on(field[:100], "Use low or high.")
    return str(value)


def _data(value: object, field: str) -> dict[str, Any]:
    return plain_object(value, field=field[:100], limit=MAX_PUSH_DATA)


_OPTIONS: Checks = {
    "sound": _line(MAX_SOUND),
    "image": _image,
    "ttl": _ttl,
    "collapse_id": _line(MAX_COLLAPSE_ID),
    "priority": _priority,
    "data": _data,
}
