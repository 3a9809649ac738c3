"""Postmark's API.

POST /email         one mail
POST /email/batch   up to 500, an answer each
"""

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.callbacks import Callback
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

TEXTS = {
    "10": "No Account or Server API tokens were supplied in the HTTP headers.",
    "300": "Invalid email request",
    "406": "You tried to send to a recipient that has been marked as inactive.",
    "402": "Invalid JSON",
}
USUAL_CODES = {400: "402", 401: "10", 403: "10", 422: "300"}


class Postmark(Emulator):
    """`addresses`: what is wrong with an address, by code (`{"bob@…": "406"}`); others are well."""

    name, channel = "postmark", "email"
    key = "postmark-token"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.addresses: dict[str, str] = {}

    def receive(self, request: Request) -> Sequence[Message]:
        if request.path not in ("/email", "/email/batch"):
            raise Refusal(404)
        if request.headers.get("x-postmark-server-token") != self.key:
            raise Refusal(401)
        mails = json.loads(request.body) if request.path == "/email/batch" else [request.json]
        return [self._message(request, mail) for mail in mails]

    def accept(self, messages: Sequence[Message]) -> Reply:
        at = self.clock.today().isoformat()
        sent = [
            {"To": message.to, "SubmittedAt": at, "MessageID": message.id, "ErrorCode": 0, "Message": "OK"}
            for message in messages
        ]
        return json_reply(sent if messages[0].path == "/email/batch" else sent[0])

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        code = refusal.code or USUAL_CODES.get(refusal.status, "0")
        text = refusal.message or TEXTS.get(code, "The request failed")
        return json_reply({"ErrorCode": int(code), "Message": text}, refusal.status, refusal.headers)

    def event(
        self, message: Message, kind: str, *, url: str, secret: str = "", more: Mapping[str, Any] | None = None
    ) -> Callback:
        """An event: `Delivery`, `Bounce` (with `Type`), `SpamComplaint`, `Open`, `Click`, `SubscriptionChange`.

        Postmark signs nothing: the receiver knows it by `secret`, the "user:password" in the webhook's address.
        """
        record = {"RecordType": kind, "MessageID": message.id, "Recipient": message.to, "Email": message.to}
        at = self.clock.today().isoformat()
        times = {"DeliveredAt": at, "BouncedAt": at, "ReceivedAt": at}
        body = {**record, **times, "Metadata": message.asked.get("Metadata", {}), "ID": 1, **(more or {})}
        basic = {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
        return Callback(url, json.dumps(body).encode(), {"content-type": "application/json", **basic})

    def _message(self, request: Request, mail: dict[str, Any]) -> Message:
        to = str(mail.get("To") or "")
        if "@" not in to or not mail.get("From"):
            raise Refusal(422, "300", f"Invalid 'To' address: '{to}'.")
        if code := self.addresses.get(to):
            raise Refusal(422, code, f"{TEXTS.get(code, '')} Found inactive addresses: {to}.")
        names = {"sender": "From", "title": "Subject", "body": "TextBody", "html": "HtmlBody"}
        shown = {field: str(mail.get(name) or "") for field, name in names.items()}
        return self.message(request, id=str(uuid.uuid4()), to=to, asked=mail, **shown)
