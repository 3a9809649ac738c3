"""Twilio's Programmable Messaging.

POST /2010-04-01/Accounts/{sid}/Messages.json   one SMS
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.callbacks import Callback, form_callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

PATH = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)/Messages\.json")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
MAX_BODY = 1600  # characters
MESSAGES = {
    "20003": "Authenticate",
    "20404": "The requested resource was not found",
    "20429": "Too Many Requests",
    "20500": "Internal Server Error",
    "20503": "Service Unavailable",
    "21211": "Invalid 'To' Phone Number",
    "21602": "Message body is required.",
    "21603": "A 'From' phone number is required.",
    "21604": "A 'To' phone number is required.",
    "21610": "Attempt to send to unsubscribed recipient",
    "21617": "The concatenated message body exceeds the 1600 character limit.",
}
USUAL_CODES = {400: "21211", 401: "20003", 403: "20003", 404: "20404", 429: "20429", 500: "20500", 503: "20503"}


class Twilio(Emulator):
    """`numbers`: what is wrong with a number, by Twilio's code (`{"+4930…": "21610"}`); others are well."""

    name, channel = "twilio", "sms"
    account, token = "AC" + "0" * 32, "twilio-auth-token"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.numbers: dict[str, str] = {}

    def receive(self, request: Request) -> Sequence[Message]:
        found = PATH.fullmatch(request.path)
        if found is None:
            raise Refusal(404)
        if request.basic != (self.account, self.token) or found["account"] != self.account:
            raise Refusal(401)
        form = request.form
        self._check(form)
        sender = form.get("From") or form.get("MessagingServiceSid", "")
        sid = f"SM{secrets.token_hex(16)}"
        return [self.message(request, id=sid, to=form["To"], sender=sender, body=form["Body"], asked=form)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        message = messages[0]
        facts = {"sid": message.id, "to": message.to, "from": message.sender, "body": message.body}
        more = {"account_sid": self.account, "status": "queued", "error_code": None, "error_message": None}
        return json_reply({**facts, **more, "num_segments": "1", "direction": "outbound-api"}, 201)

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        code = refusal.code or USUAL_CODES.get(refusal.status, "20500")
        error = {
            "code": int(code),
            "message": refusal.message or MESSAGES.get(code, "The message was not accepted"),
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": refusal.status,
        }
        return json_reply(error, refusal.status, refusal.headers)

    def status(self, message: Message, status: str, *, url: str = "", error_code: str = "") -> Callback:
        """A receipt (`sent`, `delivered`, `undelivered`, `failed`), to the address that the message asked for."""
        fields = {"MessageSid": message.id, "SmsSid": message.id, "MessageStatus": status, "SmsStatus": status}
        fields |= {"To": message.to, "From": message.sender, "AccountSid": self.account, "ApiVersion": "2010-04-01"}
        if error_code:
            fields["ErrorCode"] = error_code
        return self._signed(url or message.asked["StatusCallback"], fields)

    def incoming(self, url: str, *, sender: str, to: str, body: str) -> Callback:
        """An SMS from a person, `STOP` for instance."""
        sid = f"SM{secrets.token_hex(16)}"
        fields = {"MessageSid": sid, "SmsSid": sid, "AccountSid": self.account, "From": sender, "To": to, "Body": body}
        return self._signed(url, {**fields, "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received"})

    def _signed(self, url: str, fields: Mapping[str, str]) -> Callback:
        return form_callback(url, fields, {"x-twilio-signature": signature(self.token, url, fields)})

    def _check(self, form: Mapping[str, str]) -> None:
        if not form.get("To"):
            raise Refusal(400, "21604")
        if not form.get("From") and not form.get("MessagingServiceSid"):
            raise Refusal(400, "21603")
        if not form.get("Body"):
            raise Refusal(400, "21602")
        if len(form["Body"]) > MAX_BODY:
            raise Refusal(400, "21617")
        if not PHONE.fullmatch(form["To"]):
            raise Refusal(400, "21211", f"The 'To' number {form['To']} is not a valid phone number.")
        if code := self.numbers.get(form["To"]):
            raise Refusal(400, code)


def signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    signed = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()
