"""Mailgun's v3 API.

POST /v3/{domain}/messages        a mail by its parts
POST /v3/{domain}/messages.mime   a whole MIME message
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from project.emulators import mail
from project.emulators.base import Emulator, json_reply
from project.emulators.callbacks import Callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

PATH = re.compile(r"/v3/(?P<domain>[^/]+)/messages(?P<mime>\.mime)?")
TEXTS = {400: "'to' parameter is not a valid address. please check documentation", 404: "Domain not found"}


class Mailgun(Emulator):
    """`domains`: those that may send; empty: any."""

    name, channel = "mailgun", "email"
    key, signing_key = "key-emulated", "mailgun-signing-key"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.domains: set[str] = set()

    def receive(self, request: Request) -> Sequence[Message]:
        found = PATH.fullmatch(request.path)
        if found is None or (self.domains and found["domain"] not in self.domains):
            raise Refusal(404)
        if request.basic != ("api", self.key):
            raise Refusal(401)
        fields = form_of(request)
        to = fields.get("to", "")
        if "@" not in to:
            raise Refusal(400)
        if found["mime"]:
            shown = mail.shown(mail.parsed(fields.get("message", "").encode()))
        else:
            names = {"sender": "from", "title": "subject", "body": "text", "html": "html"}
            shown = {field: fields.get(name, "") for field, name in names.items()}
        if not shown["sender"] or not (shown["body"] or shown["html"]):
            raise Refusal(400, message="Need at least one of 'text', 'html' or 'template' parameters specified")
        mail_id = f"<{secrets.token_hex(12)}@{found['domain']}>"
        return [self.message(request, id=mail_id, to=to, asked=fields, **shown)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return json_reply({"id": messages[0].id, "message": "Queued. Thank you."})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        if refusal.status == 401:
            return Reply(401, b"Forbidden", {"content-type": "text/plain"})
        text = refusal.message or TEXTS.get(refusal.status, "Something went wrong")
        return json_reply({"message": text}, refusal.status, refusal.headers)

    def event(self, message: Message, kind: str, *, url: str, more: Mapping[str, Any] | None = None) -> Callback:
        """A signed event: `delivered`, `failed` (with `severity`), `opened`, `clicked`, `complained`, `unsubscribed`."""
        stamp, token = str(int(self.clock.now())), secrets.token_hex(25)
        digest = hmac.digest(self.signing_key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hex()
        variables = {name[2:]: value for name, value in message.asked.items() if name.startswith("v:")}
        event = {
            "event": kind,
            "id": secrets.token_urlsafe(16),
            "timestamp": self.clock.now(),
            "recipient": message.to,
            "message": {"headers": {"message-id": message.id.strip("<>")}},
            "user-variables": variables,
            **(more or {}),
        }
        whole = {"signature": {"token": token, "timestamp": stamp, "signature": digest}, "event-data": event}
        return Callback(url, json.dumps(whole).encode(), {"content-type": "application/json"})


def form_of(request: Request) -> dict[str, str]:
    """The fields of a form of either kind, the files' contents among them."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        return request.form
    whole = mail.parsed(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    fields = {}
    for part in whole.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        fields[str(name)] = payload.decode(errors="replace") if isinstance(payload, bytes) else ""
    return fields
