"""Apple Push Notification service: HTTP/2 over TLS, provider tokens by ES256.

POST /3/device/{token}   one message
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from project.emulators.base import Emulator, json_reply
from project.emulators.keys import pem_of
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

KEY_ID, TEAM_ID = "EMULATED01", "DEMOTEAM01"
TOKEN_LIFE = 3600  # seconds
BETWEEN_TOKENS = 20 * 60  # seconds
AHEAD = 60  # seconds that a sender's clock may be ahead
MAX_PAYLOAD, MAX_VOIP_PAYLOAD = 4096, 5120  # bytes
MAX_COLLAPSE_ID = 64  # bytes
DEVICE = re.compile(r"(?:[0-9a-fA-F]{2}){32,100}")
PUSH_TYPES = {
    *("alert", "background", "location", "voip", "complication", "fileprovider", "mdm", "liveactivity"),
    *("pushtotalk", "widgets", "controls"),
}
USUAL_REASONS = {
    400: "BadDeviceToken",
    401: "InvalidProviderToken",
    403: "InvalidProviderToken",
    404: "BadPath",
    405: "MethodNotAllowed",
    410: "Unregistered",
    413: "PayloadTooLarge",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


class Apns(Emulator):
    """`address` is (host, port); `certificate` is the file that a client must trust.

    `devices`: what is wrong with a token, by Apple's reason (`{"ab…": "Unregistered"}`); others are well.
    `topics`: the apps there are; empty: any. `accepted_tokens` are the provider tokens that it has let in.
    """

    name, channel = "apns", "push"
    address: tuple[str, int]
    certificate: Path

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.devices: dict[str, str] = {}
        self.topics: set[str] = set()
        self.accepted_tokens: dict[str, int] = {}  # → issued at
        self._keys: dict[str, tuple[str, ec.EllipticCurvePublicKey]] = {}
        self._updated: dict[str, float] = {}  # team → when it last came with another token

    def mint_key(self) -> str:
        """A signing key that this Apple knows: the text of its .p8 file."""
        private = ec.generate_private_key(ec.SECP256R1())
        self.know_key(private)
        return pem_of(private)

    def know_key(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._keys[KEY_ID] = (TEAM_ID, private.public_key())

    def receive(self, request: Request) -> Sequence[Message]:
        device = device_in(request)
        self._authorise(request.headers.get("authorization", ""))
        self._check_headers(request.headers)
        payload = checked_payload(request)
        check_silence(request.headers, payload)
        if reason := self.devices.get(device):
            raise Refusal(410 if reason in ("Unregistered", "ExpiredToken") else 400, reason)
        return [self.message(request, id=id_of(request), to=device, asked=payload, **shown(payload))]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return Reply(200, b"", {"apns-id": messages[0].id})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        reason = refusal.code or USUAL_REASONS.get(refusal.status, "InternalServerError")
        body: dict[str, Any] = {"reason": reason}
        if refusal.status == 410:
            body["timestamp"] = int(self.clock.now() * 1000)
        return json_reply(body, refusal.status, {"apns-id": id_of(request), **refusal.headers})

    def _check_headers(self, headers: Mapping[str, str]) -> None:
        if "apns-id" in headers and not is_uuid(headers["apns-id"]):
            raise Refusal(400, "BadMessageId")
        if not headers.get("apns-topic"):
            raise Refusal(400, "MissingTopic")
        if self.topics and headers["apns-topic"] not in self.topics:
            raise Refusal(400, "DeviceTokenNotForTopic")
        if headers.get("apns-push-type", "alert") not in PUSH_TYPES:
            raise Refusal(400, "InvalidPushType")
        if headers.get("apns-priority", "10") not in ("1", "5", "10"):
            raise Refusal(400, "BadPriority")
        if not headers.get("apns-expiration", "0").isdecimal():
            raise Refusal(400, "BadExpirationDate")
        if len(headers.get("apns-collapse-id", "").encode()) > MAX_COLLAPSE_ID:
            raise Refusal(400, "BadCollapseId")

    def _authorise(self, authorization: str) -> None:
        """A token that was let in once costs no second look at its signature."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(403, "MissingProviderToken")
        issued_at = self.accepted_tokens.get(token)
        team = ""
        if issued_at is None:
            team, issued_at = self._claims(token)
        if self.clock.now() - issued_at > TOKEN_LIFE:
            raise Refusal(403, "ExpiredProviderToken")
        if team:
            self._let_in(token, team, issued_at)

    def _claims(self, token: str) -> tuple[str, int]:
        """The team and the second of issue of a token with a good signature."""
        try:
            team, key = self._keys[str(jwt.get_unverified_header(token).get("kid"))]
            claims = jwt.decode(token, key, algorithms=["ES256"], options={"verify_iat": False, "verify_exp": False})
        except (KeyError, jwt.InvalidTokenError, InvalidSignature) as error:
            raise Refusal(403, "InvalidProviderToken") from error
        issued_at = claims.get("iat")
        if claims.get("iss") != team or not isinstance(issued_at, int) or issued_at > self.clock.now() + AHEAD:
            raise Refusal(403, "InvalidProviderToken")
        return team, issued_at

    def _let_in(self, token: str, team: str, issued_at: int) -> None:
        now = self.clock.now()
        if now - self._updated.get(team, 0) < BETWEEN_TOKENS:
            raise Refusal(429, "TooManyProviderTokenUpdates")
        self._updated[team] = now
        self.accepted_tokens[token] = issued_at


def id_of(request: Request) -> str:
    """The sender's own id of the message, or one of ours."""
    return request.headers.get("apns-id") or str(uuid.uuid4()).upper()


def device_in(request: Request) -> str:
    if request.method != "POST":
        raise Refusal(405, "MethodNotAllowed")
    if not request.path.startswith("/3/device/"):
        raise Refusal(404, "BadPath")
    device = request.path.removeprefix("/3/device/")
    if not device:
        raise Refusal(400, "MissingDeviceToken")
    if not DEVICE.fullmatch(device):
        raise Refusal(400, "BadDeviceToken")
    return device


def checked_payload(request: Request) -> dict[str, Any]:
    limit = MAX_VOIP_PAYLOAD if request.headers.get("apns-push-type") == "voip" else MAX_PAYLOAD
    if not request.body:
        raise Refusal(400, "PayloadEmpty")
    if len(request.body) > limit:
        raise Refusal(413, "PayloadTooLarge")
    try:
        payload = json.loads(request.body)
    except ValueError as error:
        raise Refusal(400, "PayloadEmpty") from error
    if not isinstance(payload, dict):
        raise Refusal(400, "PayloadEmpty")
    return payload


def check_silence(headers: Mapping[str, str], payload: dict[str, Any]) -> None:
    """A background push wakes the app at Apple's leisure, and shows, sounds and counts nothing."""
    if headers.get("apns-push-type") != "background":
        return
    if headers.get("apns-priority", "10") != "5":
        raise Refusal(400, "BadPriority")
    aps = payload.get("aps") or {}
    if aps.get("content-available") != 1 or {"alert", "sound", "badge"} & set(aps):
        raise Refusal(400, "InvalidPushType")


def is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def shown(payload: dict[str, Any]) -> dict[str, Any]:
    """What the phone would show, or the app do, which finds a push by the item in it."""
    if payload.get("type") == "withdraw":
        return {"badge": payload.get("unread"), "withdraws": tuple(payload.get("item_ids", ()))}
    aps = payload.get("aps") or {}
    alert = aps.get("alert") or {}
    alert = {"body": alert} if isinstance(alert, str) else alert
    return {
        "title": str(alert.get("title", "")),
        "body": str(alert.get("body", "")),
        "badge": aps.get("badge"),
        "handle": str(payload.get("item_id") or ""),
        "image": str(payload.get("image") or ""),
        "url": str(payload.get("url") or payload.get("action_url") or ""),
        "actions": tuple(str(action.get("title", "")) for action in payload.get("actions", ())),
    }
