"""An SMS gateway of one's own: whatever is posted is a message, as JSON or as a form."""

import secrets
from collections.abc import Sequence

from project.emulators.base import Emulator, json_reply
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply


class HttpSms(Emulator):
    """The words it looks for: `to`, `from`, and one of `text`, `body`, `message`."""

    name, channel = "http_sms", "sms"

    def receive(self, request: Request) -> Sequence[Message]:
        asked = request.json if "json" in request.headers.get("content-type", "") else request.form
        asked = {**request.query, **asked}
        text = next((str(asked[word]) for word in ("text", "body", "message") if asked.get(word)), "")
        if not asked.get("to") or not text:
            raise Refusal(400, message="to and text are needed")
        to, sender = str(asked["to"]), str(asked.get("from", ""))
        return [self.message(request, id=secrets.token_hex(8), to=to, sender=sender, body=text, asked=asked)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return json_reply({"id": messages[0].id, "status": "queued"})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        return json_reply({"error": refusal.message or refusal.code or "failed"}, refusal.status, refusal.headers)
