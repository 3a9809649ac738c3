"""Africa's Talking: one answer for all numbers, a status code for each.

POST /version1/messaging   an SMS to some numbers
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.callbacks import Callback, form_callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

PHONE = re.compile(r"\+[1-9]\d{6,14}")
STATUSES = {
    "100": "Processed",
    "101": "Sent",
    "102": "Queued",
    "401": "RiskHold",
    "402": "InvalidSenderId",
    "403": "InvalidPhoneNumber",
    "404": "UnsupportedNumberType",
    "405": "InsufficientBalance",
    "406": "UserInBlacklist",
    "407": "CouldNotRoute",
    "409": "DoNotDisturbRejection",
    "500": "InternalServerError",
    "501": "GatewayError",
    "502": "RejectedByGateway",
}


class AfricasTalking(Emulator):
    """`numbers`: what is wrong with a number, by status code (`{"+254…": "406"}`); others are well."""

    name, channel = "africas_talking", "sms"
    username, key = "sandbox", "atsk_emulated"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.numbers: dict[str, str] = {}

    def receive(self, request: Request) -> Sequence[Message] | Reply:
        if request.path != "/version1/messaging":
            raise Refusal(404, message="The requested resource could not be found.")
        form = request.form
        if request.headers.get("apikey") != self.key or form.get("username") != self.username:
            raise Refusal(401, message="The supplied authentication is invalid")
        if not form.get("to") or not form.get("message"):
            raise Refusal(400, message="Request is missing required form field 'to' or 'message'")
        numbers = [number.strip() for number in form["to"].split(",")]
        bad = {number: self.numbers.get(number, "403") for number in numbers if self._is_bad(number)}
        if bad:
            return answer([recipient(number, code, "None") for number, code in bad.items()])
        text, sender = form["message"], form.get("from", "")
        return [
            self.message(request, id=f"ATXid_{secrets.token_hex(16)}", to=to, sender=sender, body=text, asked=form)
            for to in numbers
        ]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return answer([recipient(message.to, "101", message.id) for message in messages])

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        """`Refusal(200, "405")`: refused for its number, the way this provider tells most of what goes wrong."""
        if refusal.code:
            return answer([recipient(request.form.get("to", ""), refusal.code, "None")])
        text = refusal.message or "The service has failed"
        return Reply(refusal.status, text.encode(), {"content-type": "text/plain", **refusal.headers})

    def status(self, message: Message, status: str, *, url: str, reason: str = "") -> Callback:
        """A receipt: `Sent`, `Submitted`, `Buffered`, `Rejected`, `Success`, `Failed`. It is not signed."""
        fields = {"id": message.id, "status": status, "phoneNumber": message.to, "networkCode": "63902"}
        return form_callback(url, {**fields, "retryCount": "0", **({"failureReason": reason} if reason else {})}, {})

    def _is_bad(self, number: str) -> bool:
        return number in self.numbers or not PHONE.fullmatch(number)


def recipient(number: str, code: str, message_id: str) -> dict[str, Any]:
    well = code in ("100", "101", "102")
    status = "Success" if well else STATUSES.get(code, "Unknown")
    cost = "KES 0.8000" if well else "0"
    return {"statusCode": int(code), "number": number, "status": status, "cost": cost, "messageId": message_id}


def answer(recipients: list[dict[str, Any]]) -> Reply:
    sent = sum(one["status"] == "Success" for one in recipients)
    summary = f"Sent to {sent}/{len(recipients)} Total Cost: KES {0.8 * sent:.4f}"
    return json_reply({"SMSMessageData": {"Message": summary, "Recipients": recipients}}, 201)
