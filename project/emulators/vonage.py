"""Vonage's SMS API. What it refuses it tells with a 200, and a `status` inside.

POST /sms/json   one SMS, as a form or as JSON
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.callbacks import Callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

TEXTS = {
    "1": "Throughput Rate Exceeded",
    "2": "Missing to param",
    "3": "Invalid to param",
    "4": "Bad Credentials",
    "5": "Internal Error",
    "6": "Unroutable message - rejected",
    "7": "Number barred",
    "9": "Partner quota exceeded",
    "15": "Illegal Sender Address - rejected",
    "29": "Non White-listed Destination - rejected",
}
# What Vonage says in a 200. Others are statuses of the machines before it.
USUAL_CODES = {400: "3", 401: "4", 403: "15", 404: "6", 429: "1"}


class Vonage(Emulator):
    """`numbers`: what is wrong with a number (digits alone), by Vonage's status; others are well."""

    name, channel = "vonage", "sms"
    key, secret, signature_secret = "vonage-key", "vonage-secret", "vonage-signature-secret"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.numbers: dict[str, str] = {}

    def receive(self, request: Request) -> Sequence[Message]:
        if request.path != "/sms/json":
            raise Refusal(404, "-", "Not found")
        is_json = "json" in request.headers.get("content-type", "")
        asked = request.json if is_json else request.form
        credentials = (asked.get("api_key"), asked.get("api_secret"))
        if (self.key, self.secret) not in (credentials, request.basic):
            raise Refusal(401)
        to, text = str(asked.get("to") or ""), str(asked.get("text") or "")
        if not to or not text or not asked.get("from"):
            raise Refusal(400, "2")
        if not to.isdecimal() or not 7 <= len(to) <= 15:
            raise Refusal(400, "3")
        if code := self.numbers.get(to):
            raise Refusal(400, code)
        sender = str(asked["from"])
        return [self.message(request, id=secrets.token_hex(8).upper(), to=to, sender=sender, body=text, asked=asked)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        message = messages[0]
        sent = {"to": message.to, "message-id": message.id, "status": "0", "remaining-balance": "3.14"}
        return json_reply({"message-count": "1", "messages": [{**sent, "message-price": "0.03", "network": "12345"}]})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        code = refusal.code or USUAL_CODES.get(refusal.status, "")
        if code not in TEXTS:
            return json_reply({"title": refusal.message or "Error"}, refusal.status, refusal.headers)
        error = {"status": code, "error-text": refusal.message or TEXTS[code]}
        return json_reply({"message-count": "1", "messages": [error]}, 200, refusal.headers)

    def status(self, message: Message, status: str, *, url: str, error_code: str = "0") -> Callback:
        """A signed receipt: `delivered`, `failed`, `rejected`, `expired`, `buffered`, `accepted`, `unknown`."""
        fields = {"msisdn": message.to, "to": message.sender, "messageId": message.id, "status": status}
        fields |= {"err-code": error_code, "network-code": "12345", "price": "0.03", "scts": "2611211200"}
        return self._signed(url, fields)

    def incoming(self, url: str, *, sender: str, to: str, text: str) -> Callback:
        """A signed SMS from a person."""
        fields = {"msisdn": sender, "to": to, "messageId": secrets.token_hex(8).upper(), "text": text, "type": "text"}
        return self._signed(url, {**fields, "keyword": text.partition(" ")[0].upper()})

    def _signed(self, url: str, fields: Mapping[str, str]) -> Callback:
        whole = {**fields, "api-key": self.key, "timestamp": str(int(self.clock.now())), "nonce": secrets.token_hex(8)}
        whole["sig"] = signature(self.signature_secret, whole)
        return Callback(url, json.dumps(whole).encode(), {"content-type": "application/json"})


def signature(secret: str, fields: Mapping[str, str]) -> str:
    """HMAC-SHA256 over the sorted fields, in which `&` and `=` are written as `_`."""
    tidy = ((name, value.replace("&", "_").replace("=", "_")) for name, value in sorted(fields.items()))
    signed = "".join(f"&{name}={value}" for name, value in tidy)
    return hmac.digest(secret.encode(), signed.encode(), hashlib.sha256).hex()
