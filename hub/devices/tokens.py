"""What a platform gives a device to be reached by, checked: registration tokens and Web Push subscriptions."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from hub.content.values import check_text
from hub.devices.models import Device
from hub.exceptions import InvalidRequest
from hub.outbound import MAX_URL, checked_url

# Neither Google nor Apple promises a length; these are far beyond any that was seen.
_FCM = re.compile(r"[A-Za-z0-9_:.%-]{20,4096}")
_APNS = re.compile(r"([0-9a-f]{2}){32,256}")
_AUTH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Address:
    """How a device is reached. `token` is the endpoint of a Web Push subscription, whose `keys` are JSON, else empty."""

    platform: str
    token: str
    keys: str = ""

    @property
    def digest(self) -> str:
        """What it is recognised by without being read."""
        return hashlib.sha256(f"{self.platform}:{self.token}".encode()).hexdigest()


def checked_address(platform: str, token: object, subscription: object) -> Address:
    """A `token` of FCM or APNs, or a browser's `subscription` as its `toJSON()` gives it. Raises InvalidRequest."""
    wanted, other = ("subscription", token) if platform == Device.Platform.WEB_PUSH else ("token", subscription)
    if other is not None:
        refused = "token" if wanted == "subscription" else "subscription"
        raise InvalidRequest.on(refused, f"A device of {platform} has a {wanted}.", "unknown_field")
    if wanted == "subscription":
        return _subscription(subscription)
    return Address(platform, _fcm(token) if platform == Device.Platform.FCM else _apns(token))


def _fcm(token: object) -> str:
    text = check_text(token, field="token", limit=4096)
    if not _FCM.fullmatch(text):
        raise InvalidRequest.on("token", "This is not a registration token of FCM.")
    return text


def _apns(token: object) -> str:
    text = check_text(token, field="token", limit=512).lower()
    if not _APNS.fullmatch(text):
        raise InvalidRequest.on("token", "Give the device token in hexadecimal, 64 digits or more.")
    return text


def _subscription(value: object) -> Address:
    """`expirationTime` is part of what browsers give, and never set by any: it is taken and not kept."""
    if not isinstance(value, dict):
        raise InvalidRequest.on("subscription", "Give the subscription's toJSON(): endpoint and keys.", "type")
    _known(value, {"endpoint", "keys", "expirationTime"}, "subscription")
    keys = value.get("keys")
    if not isinstance(keys, dict):
        raise InvalidRequest.on("subscription.keys", "Must be an object of p256dh and auth.", "type")
    _known(keys, {"p256dh", "auth"}, "subscription.keys")
    checked = {"p256dh": _public_key(keys.get("p256dh")), "auth": _auth(keys.get("auth"))}
    return Address(Device.Platform.WEB_PUSH, _endpoint(value.get("endpoint")), orjson.dumps(checked).decode())


def _known(value: dict[str, Any], names: set[str], path: str) -> None:
    if unknown := value.keys() - names:
        raise InvalidRequest.on(f"{path}.{min(unknown)[:100]}", "There is no such field.", "unknown_field")


def _endpoint(value: object) -> str:
    field = "subscription.endpoint"
    return checked_url(check_text(value, field=field, limit=MAX_URL), field=field)


def _public_key(value: object) -> str:
    raw = _base64(value, "subscription.keys.p256dh")
    try:
        if len(raw) != 65:
            raise ValueError
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)
    except ValueError as error:
        raise InvalidRequest.on("subscription.keys.p256dh", "This is no point of P-256, uncompressed.") from error
    return _text(raw)


def _auth(value: object) -> str:
    raw = _base64(value, "subscription.keys.auth")
    if len(raw) != _AUTH_BYTES:
        raise InvalidRequest.on("subscription.keys.auth", f"Must be {_AUTH_BYTES} bytes.")
    return _text(raw)


def _base64(value: object, field: str) -> bytes:
    text = check_text(value, field=field, limit=200).rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest.on(field, "Must be base64url.") from error


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
