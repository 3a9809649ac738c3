"""A browser vendor's push service (RFC 8030, 8188, 8291, 8292), with errors as Mozilla's.

POST /wpush/v2/{token}   one message, encrypted for the subscription of that token

The keys of a subscription follow from its token, so that it outlives a restart.
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from project.emulators.base import Emulator, json_reply
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

PATH = "/wpush/v2/"
MAX_BODY = 4096  # bytes, encrypted
MAX_VAPID_LIFE = 24 * 3600  # seconds
VAPID = re.compile(r"vapid (?=.*\bt=(?P<token>[\w.-]+))(?=.*\bk=(?P<key>[\w-]+))", re.IGNORECASE)
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
URGENCIES = ("very-low", "low", "normal", "high")
ERRNO = {400: 110, 401: 109, 403: 109, 404: 102, 410: 106, 413: 104, 429: 201, 500: 999, 503: 201}


class WebPush(Emulator):
    """`gone`: tokens whose subscription has ended (410). `unknown`: tokens that never were (404)."""

    name, channel = "web_push", "push"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.gone: set[str] = set()
        self.unknown: set[str] = set()
        self._senders: dict[str, str] = {}  # token → the only VAPID key that may send to it

    def subscribe(self, token: str = "", *, vapid_key: str = "") -> dict[str, Any]:
        """What a browser's `PushSubscription.toJSON()` gives; with `vapid_key`, others may not send to it."""
        token = token or secrets.token_urlsafe(16)
        if vapid_key:
            self._senders[token] = vapid_key
        return subscription(self.url, token)

    def receive(self, request: Request) -> Sequence[Message]:
        token = request.path.removeprefix(PATH)
        if not request.path.startswith(PATH) or token in self.unknown:
            raise Refusal(404, message="Invalid subscription")
        if token in self.gone:
            raise Refusal(410, message="Request did not validate: the subscription has ended")
        check_headers(request)
        self._check_sender(request, token)
        text = decrypted(request.body, token)
        shown = shown_of(text)
        return [self.message(request, id=secrets.token_urlsafe(24), to=token, **shown)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        location = f"{self.url}/m/{messages[0].id}"
        return Reply(201, b"", {"location": location, "ttl": messages[0].headers.get("ttl", "0")})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        status = refusal.status
        error = {"code": status, "errno": int(refusal.code or ERRNO.get(status, 999)), "error": phrase(status)}
        return json_reply({**error, "message": refusal.message or phrase(status)}, status, refusal.headers)

    def _check_sender(self, request: Request, token: str) -> None:
        """The VAPID token: signed by the key that comes with it, for this very service, and short-lived."""
        found = VAPID.match(request.headers.get("authorization", ""))
        if found is None:
            raise Refusal(401, message="Missing VAPID authorization")
        address = urlsplit(self.url)
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unbase64(found["key"]))
            claims = jwt.decode(
                found["token"],
                key,
                algorithms=["ES256"],
                audience=f"{address.scheme}://{address.netloc}",
                options={"verify_exp": False, "require": ["aud", "exp"]},
            )
        except (ValueError, jwt.InvalidTokenError) as error:
            raise Refusal(401, message=f"Invalid VAPID token: {error}") from error
        if not 0 < claims["exp"] - self.clock.now() <= MAX_VAPID_LIFE:
            raise Refusal(401, message="Invalid VAPID token: expired, or for more than a day")
        if self._senders.get(token, found["key"]) != found["key"]:
            raise Refusal(403, message="The VAPID key is not the one of the subscription")


def subscription(url: str, token: str) -> dict[str, Any]:
    private, auth = keys_of(token)
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {"endpoint": f"{url}{PATH}{token}", "keys": {"p256dh": base64url(point), "auth": base64url(auth)}}


def keys_of(token: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    secret = hashlib.sha512(token.encode()).digest()
    return ec.derive_private_key(int.from_bytes(secret[:31]), ec.SECP256R1()), secret[-16:]


def decrypted(body: bytes, token: str) -> str:
    private, auth = keys_of(token)
    try:
        clear: bytes = http_ece.decrypt(body, private_key=private, auth_secret=auth, version="aes128gcm")
        return clear.decode()
    except (http_ece.ECEException, ValueError) as error:
        raise Refusal(400, message="Invalid encryption: this can't be decrypted") from error


def check_headers(request: Request) -> None:
    headers = request.headers
    if request.method != "POST":
        raise Refusal(405, message="POST it")
    if not headers.get("ttl", "").isdecimal():
        raise Refusal(400, "111", "Missing TTL header")
    if len(request.body) > MAX_BODY:
        raise Refusal(413, message="Data payload too large")
    if headers.get("content-encoding") != "aes128gcm":
        raise Refusal(400, message="Unknown Content-Encoding: aes128gcm is needed")
    if headers.get("urgency", "normal") not in URGENCIES:
        raise Refusal(400, message="Invalid Urgency")
    if "topic" in headers and not TOPIC.fullmatch(headers["topic"]):
        raise Refusal(400, "113", "Invalid Topic")


def shown_of(text: str) -> dict[str, Any]:
    """What a service worker would show of it; what is no JSON is a text."""
    try:
        asked = json.loads(text)
    except ValueError:
        asked = text
    if not isinstance(asked, dict):
        return {"body": text, "asked": text}
    badge = asked.get("badge")
    return {
        "asked": asked,
        **{field: str(asked.get(field) or "") for field in ("title", "body", "image", "url")},
        "badge": badge if isinstance(badge, int) else None,
        "actions": tuple(str(action.get("title", "")) for action in asked.get("actions", ())),
    }


def phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
