"""Firebase Cloud Messaging, HTTP v1, with Google's OAuth token endpoint.

POST /token                                 a service account's signed JWT → an access token
POST /v1/projects/{project}/messages:send   one message
"""

import json
import re
import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from project.emulators.base import Emulator, json_reply
from project.emulators.keys import pem_of
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply, Script

GOOGLE = "https://oauth2.googleapis.com/token"  # whom google-auth addresses, wherever it posts to
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_ASSERTION = 3600 + 10  # seconds
MAX_PAYLOAD = 4096  # bytes
SEND = re.compile(r"/v1/projects/(?P<project>[^/:]+)/messages:send")
TOKEN = re.compile(r"[A-Za-z0-9_:.%-]{1,4096}")
FIELDS = {
    *("name", "data", "notification", "android", "webpush", "apns", "fcm_options", "fcmOptions"),
    *("token", "topic", "condition"),
}
# keys of `data` that are FCM's own
RESERVED = re.compile(r"from|notification|message_type|(?:google|gcm).*")
PRIORITIES = {"normal", "high", "NORMAL", "HIGH"}
USUAL_CODES = {
    400: "INVALID_ARGUMENT",
    401: "ACCESS_TOKEN_EXPIRED",
    403: "SENDER_ID_MISMATCH",
    404: "UNREGISTERED",
    429: "QUOTA_EXCEEDED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
STATUS = {
    "INVALID_ARGUMENT": "INVALID_ARGUMENT",
    "SENDER_ID_MISMATCH": "PERMISSION_DENIED",
    "UNREGISTERED": "NOT_FOUND",
    "QUOTA_EXCEEDED": "RESOURCE_EXHAUSTED",
    "INTERNAL": "INTERNAL",
    "UNAVAILABLE": "UNAVAILABLE",
    "THIRD_PARTY_AUTH_ERROR": "UNAUTHENTICATED",
}
# reasons of Google's front door, which are no errors of FCM
REASONS = {"ACCESS_TOKEN_EXPIRED": "UNAUTHENTICATED", "CREDENTIALS_MISSING": "UNAUTHENTICATED"}
TYPES = "type.googleapis.com/"
NOT_FOUND = b"<!DOCTYPE html>\n<html lang=en><title>Error 404 (Not Found)!!1</title><p><b>404.</b> That's an error.\n"


class Fcm(Emulator):
    """`project` is the one that the service account may send for.

    `devices`: what is wrong with a token, by its error code (`{"abc": "UNREGISTERED"}`); others are well.
    `oauth`: what the token endpoint is told to do; its messages are empty.
    """

    name, channel = "fcm", "push"
    project = "demo-project"
    token_life = 3599  # seconds

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.devices: dict[str, str] = {}
        self.oauth = Script()
        self.tokens: dict[str, float] = {}  # access token → when it expires

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """The service account's."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def service_account(self) -> dict[str, str]:
        """What Google gives out as service-account.json."""
        return {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": "emulated",
            "private_key": pem_of(self.key),
            "client_email": f"hub@{self.project}.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }

    def mint_token(self) -> str:
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self.tokens[token] = self.clock.now() + self.token_life
        return token

    def receive(self, request: Request) -> Sequence[Message] | Reply:
        if request.path == "/token":
            return self._grant(request)
        found = SEND.fullmatch(request.path)
        if found is None or request.method != "POST":
            return Reply(404, NOT_FOUND, {"content-type": "text/html; charset=UTF-8"})
        self._authorise(request, found["project"])
        asked = request.json
        message = checked(asked.get("message"))
        if problem := self.devices.get(message.get("token", "")):
            raise Refusal(next(status for status, code in USUAL_CODES.items() if code == problem), problem)
        if asked.get("validate_only") or asked.get("validateOnly"):
            return json_reply({"name": f"projects/{self.project}/messages/fake_message_id"})
        name = f"projects/{self.project}/messages/0:{secrets.randbelow(10**16):016d}%{secrets.token_hex(8)}"
        to = message.get("token") or message.get("topic") or message.get("condition")
        return [self.message(request, id=name, to=to, asked=asked, **shown(message))]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return json_reply({"name": messages[0].id})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        code = refusal.code or USUAL_CODES.get(refusal.status, "UNKNOWN")
        error: dict[str, Any] = {
            "code": refusal.status,
            "message": refusal.message or f"The request failed with {code}.",
            "status": STATUS.get(code) or REASONS.get(code) or code,
        }
        if code in STATUS:
            error["details"] = [{"@type": f"{TYPES}google.firebase.fcm.v1.FcmError", "errorCode": code}]
        elif code in REASONS:
            info = {"reason": code, "domain": "googleapis.com", "metadata": {"service": "fcm.googleapis.com"}}
            error["details"] = [{"@type": f"{TYPES}google.rpc.ErrorInfo", **info}]
        return json_reply({"error": error}, refusal.status, refusal.headers)

    def _authorise(self, request: Request, project: str) -> None:
        if not request.bearer:
            raise Refusal(401, "CREDENTIALS_MISSING", "Request is missing required authentication credential.")
        if self.tokens.get(request.bearer, 0) <= self.clock.now():
            raise Refusal(401, "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.")
        if project != self.project:
            raise Refusal(403, "PERMISSION_DENIED", f"Permission denied on resource project {project}.")

    def _grant(self, request: Request) -> Reply:
        act = self.oauth.act_for(self.message(request, id="", to=""))
        if isinstance(act, Reply):
            return act
        if isinstance(act, Refusal):
            return json_reply({"error": act.code or "internal_failure"}, act.status, act.headers)
        problem = self._wrong_with(request.form)
        if problem:
            return json_reply({"error": "invalid_grant", "error_description": problem}, 400)
        return json_reply({"access_token": self.mint_token(), "expires_in": self.token_life, "token_type": "Bearer"})

    def _wrong_with(self, form: dict[str, str]) -> str:
        """What Google would say of this grant; empty: it is good."""
        if form.get("grant_type") != GRANT:
            return "Unsupported grant type."
        try:
            claims = jwt.decode(
                form.get("assertion", ""),
                self.key.public_key(),
                algorithms=["RS256"],
                audience=[GOOGLE, f"{self.url}/token"],
                options={"verify_exp": False, "verify_iat": False, "require": ["iat", "exp"]},
            )
        except jwt.InvalidTokenError:
            return "Invalid JWT Signature."
        if not claims["iat"] - 300 <= self.clock.now() < claims["exp"] <= claims["iat"] + LONGEST_ASSERTION:
            return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        return ""


def checked(message: Any) -> dict[str, Any]:
    """Raises Refusal where FCM would: the fields' names, the recipient, the data's names, strings as data, the size."""
    if not isinstance(message, dict):
        raise Refusal(400, message="Recipient of the message is not set.")
    if unknown := set(message) - FIELDS:
        raise Refusal(400, message=f"Invalid JSON payload received. Unknown name \"{unknown.pop()}\" at 'message'.")
    if sum(bool(message.get(kind)) for kind in ("token", "topic", "condition")) != 1:
        raise Refusal(400, message="Recipient of the message is not set.")
    if "token" in message and not TOKEN.fullmatch(str(message["token"])):
        raise Refusal(400, message="The registration token is not a valid FCM registration token")
    for number, (name, value) in enumerate(message.get("data", {}).items()):
        if RESERVED.fullmatch(name):
            raise Refusal(400, message=f"Invalid data payload key: {name}")
        if not isinstance(value, str):
            raise Refusal(400, message=f"Invalid value at 'message.data[{number}].value' (TYPE_STRING), {value!r}")
    priority = (message.get("android") or {}).get("priority", "NORMAL")
    if priority not in PRIORITIES:
        raise Refusal(400, message=f"Invalid value at 'message.android.priority', {priority!r}")
    payload = {kind: message[kind] for kind in ("data", "notification", "android") if kind in message}
    if len(json.dumps(payload, ensure_ascii=False).encode()) > MAX_PAYLOAD:
        raise Refusal(400, message="Android message is too big")
    return message


def shown(message: dict[str, Any]) -> dict[str, Any]:
    """What the phone would show, or the app do, which finds a push by its tag; a platform's own words win over the common
    ones."""
    data = message.get("data") or {}
    if data.get("type") == "withdraw":
        return {"badge": int(data.get("unread", 0)), "withdraws": tuple(json.loads(data.get("tags", "[]")))}
    android = (message.get("android") or {}).get("notification") or {}
    web = (message.get("webpush") or {}).get("notification") or {}
    aps = (((message.get("apns") or {}).get("payload") or {}).get("aps")) or {}
    common = message.get("notification") or {}
    badge = android.get("notification_count", aps.get("badge"))
    return {
        "title": str(android.get("title") or common.get("title") or data.get("title") or ""),
        "body": str(android.get("body") or common.get("body") or data.get("body") or ""),
        "image": str(android.get("image") or common.get("image") or ""),
        "url": str(data.get("url") or data.get("action_url") or ""),
        "badge": badge if isinstance(badge, int) else None,
        "handle": str(android.get("tag") or ""),
        "actions": tuple(str(action.get("title", "")) for action in web.get("actions", ())),
    }
