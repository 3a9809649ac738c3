"""SendGrid's v3 API.

POST /v3/mail/send   a mail to each personalisation
"""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from project.emulators.base import Emulator, json_reply
from project.emulators.callbacks import Callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

TEXTS = {
    400: "Bad Request",
    401: "The provided authorization grant is invalid, expired, or revoked",
    403: "access forbidden",
    404: "Not Found",
    413: "payload too large",
    429: "too many requests",
    500: "internal error",
    503: "service unavailable",
}


class SendGrid(Emulator):
    name, channel = "sendgrid", "email"
    key = "SG.emulated"

    @cached_property
    def _signing_key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @property
    def verification_key(self) -> str:
        """What the settings page shows for signed event webhooks: base64 of the public key."""
        public = self._signing_key.public_key()
        return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    def receive(self, request: Request) -> Sequence[Message]:
        if request.path != "/v3/mail/send":
            raise Refusal(404)
        if request.bearer != self.key:
            raise Refusal(401)
        asked = request.json
        people = asked.get("personalizations") or []
        if not people or not asked.get("from") or not asked.get("content"):
            raise Refusal(400, "from", "The from, content and personalizations are required.")
        parts = {part["type"]: part["value"] for part in asked["content"]}
        body, html = parts.get("text/plain", ""), parts.get("text/html", "")
        batch = secrets.token_urlsafe(16)
        return [
            self.message(
                request,
                id=batch,
                to=", ".join(to["email"] for to in person["to"]),
                sender=asked["from"]["email"],
                title=person.get("subject") or asked.get("subject", ""),
                body=body,
                html=html,
                asked={**asked, "personalizations": [person]},
            )
            for person in people
        ]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return Reply(202, b"", {"x-message-id": messages[0].id})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        text = refusal.message or TEXTS.get(refusal.status, "error")
        error = {"message": text, "field": refusal.code or None, "help": None}
        return json_reply({"errors": [error]}, refusal.status, refusal.headers)

    def event(self, message: Message, kind: str, *, url: str, more: Mapping[str, Any] | None = None) -> Callback:
        """A signed event: `processed`, `delivered`, `deferred`, `bounce`, `dropped`, `open`, `click`, `spamreport`."""
        arguments = message.asked["personalizations"][0].get("custom_args", {}) | message.asked.get("custom_args", {})
        now = int(self.clock.now())
        event = {"email": message.to, "timestamp": now, "event": kind, "sg_event_id": secrets.token_urlsafe(16)}
        event |= {"sg_message_id": f"{message.id}.recvd-0", "smtp-id": "<1@localhost>", **arguments, **(more or {})}
        body = json.dumps([event]).encode()
        signature = self._signing_key.sign(str(now).encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "content-type": "application/json",
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
            "x-twilio-email-event-webhook-timestamp": str(now),
        }
        return Callback(url, body, headers)
