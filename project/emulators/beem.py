"""Beem Africa's SMS API.

POST /v1/send   an SMS to some numbers
"""

import json
from collections.abc import Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.callbacks import Callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

TEXTS = {
    "100": "Message Submitted Successfully",
    "101": "Invalid phone number",
    "102": "Insufficient balance",
    "103": "Network timeout",
    "104": "Please provide all required parameters",
    "105": "Account not found",
    "106": "No route mapping to your account",
    "108": "Server encountered an error",
    "111": "Invalid Sender Id",
    "120": "Invalid api_key and/or secret_id",
}
USUAL_CODES = {400: "104", 401: "120", 403: "111", 404: "105", 429: "103", 500: "108", 503: "103"}


class Beem(Emulator):
    """`numbers`: what is wrong with a number (digits alone), by Beem's code; others are well."""

    name, channel = "beem", "sms"
    key, secret = "beem-key", "beem-secret"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.numbers: dict[str, str] = {}
        self._requests = 0

    def receive(self, request: Request) -> Sequence[Message]:
        if request.path != "/v1/send":
            raise Refusal(404)
        if request.basic != (self.key, self.secret):
            raise Refusal(401)
        asked = request.json
        recipients = asked.get("recipients")
        if not asked.get("message") or not isinstance(recipients, list) or not recipients:
            raise Refusal(400, "104")
        if not asked.get("source_addr"):
            raise Refusal(400, "111")
        numbers = [str(one.get("dest_addr", "")) for one in recipients]
        for number in numbers:
            if not number.isdecimal() or number in self.numbers:
                raise Refusal(400, self.numbers.get(number, "101"))
        text, sender = str(asked["message"]), str(asked["source_addr"])
        self._requests += 1
        request_id = str(30_000_000 + self._requests)
        return [self.message(request, id=request_id, to=to, sender=sender, body=text, asked=asked) for to in numbers]

    def accept(self, messages: Sequence[Message]) -> Reply:
        sent = {"successful": True, "request_id": int(messages[0].id), "code": 100, "message": TEXTS["100"]}
        return json_reply({**sent, "valid": len(messages), "invalid": 0, "duplicates": 0})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        code = refusal.code or USUAL_CODES.get(refusal.status, "108")
        error = {"code": int(code), "message": refusal.message or TEXTS.get(code, "Failed")}
        return json_reply({"data": error}, refusal.status, refusal.headers)

    def status(self, message: Message, status: str, *, url: str) -> Callback:
        """A receipt: `DELIVERED`, `UNDELIVERED`, `PENDING`. It is not signed."""
        recipient = next(one for one in message.asked["recipients"] if str(one["dest_addr"]) == message.to)
        fields: dict[str, Any] = {"request_id": int(message.id), "recipient_id": recipient.get("recipient_id")}
        fields |= {"dest_addr": message.to, "status": status}
        return Callback(url, json.dumps(fields).encode(), {"content-type": "application/json"})
