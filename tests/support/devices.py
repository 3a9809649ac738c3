"""Devices as their clients register them."""

import base64
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.audience.models import Subscriber
from hub.devices.models import Device
from hub.devices.services import register

_numbers = count(1)


def fcm_token() -> str:
    return f"fcm-{next(_numbers):04}:APA91bHun4MxP5egoKMwt2KZFBaFUH"


def apns_token() -> str:
    return f"{next(_numbers):064x}"


def subscription(endpoint: str = "") -> dict[str, Any]:
    """As a browser's `PushSubscription.toJSON()`."""
    public = generate_private_key(SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "endpoint": endpoint or f"https://push.example.net/send/{next(_numbers)}",
        "expirationTime": None,
        "keys": {"p256dh": _text(point), "auth": _text(bytes(16))},
    }


def make_device(subscriber: Subscriber, external_id: str = "", **fields: Any) -> Device:
    wanted = {"platform": "fcm", "token": fcm_token()} | fields
    return register(subscriber=subscriber, external_id=external_id or f"device-{next(_numbers)}", **wanted)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
