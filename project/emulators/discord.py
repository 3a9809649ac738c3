"""Discord's webhooks.

POST /api/webhooks/{id}/{token}   a message; with `?wait=true` the answer is the message, else nothing
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

PATH = re.compile(r"/api/(?:v\d+/)?webhooks/(?P<id>\d+)/(?P<token>[\w-]+)")
MAX_CONTENT = 2_000  # characters
MAX_EMBEDS = 10
TEXTS = {
    "0": "Something went wrong",
    "10015": "Unknown Webhook",
    "50006": "Cannot send an empty message",
    "50013": "Missing Permissions",
    "50027": "Invalid Webhook Token",
    "50035": "Invalid Form Body",
}
USUAL_CODES = {400: "50035", 401: "50027", 403: "50013", 404: "10015"}


class Discord(Emulator):
    """`gone`: ids of webhooks that were deleted."""

    name, channel = "discord", "chat"
    token = "emulated"  # noqa: S105 - not secret

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.gone: set[str] = set()

    def hook(self, webhook: str = "1") -> str:
        return f"{self.url}/api/webhooks/{webhook}/{self.token}"

    def receive(self, request: Request) -> Sequence[Message]:
        found = PATH.fullmatch(request.path)
        if found is None or found["id"] in self.gone:
            raise Refusal(404)
        if found["token"] != self.token:
            raise Refusal(401)
        asked = request.json
        content, embeds = str(asked.get("content") or ""), asked.get("embeds") or []
        if not content and not embeds:
            raise Refusal(400, "50006")
        if len(content) > MAX_CONTENT or len(embeds) > MAX_EMBEDS:
            raise Refusal(400, "50035")
        first = embeds[0] if embeds else {}
        shown = {
            "title": str(first.get("title", "")),
            "body": str(first.get("description") or content),
            "url": str(first.get("url", "")),
            "image": str((first.get("image") or {}).get("url", "")),
            "sender": str(asked.get("username", "")),
        }
        return [self.message(request, id=str(10**18 + secrets.randbelow(10**17)), to=found["id"], asked=asked, **shown)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        message = messages[0]
        if message.query.get("wait") != "true":
            return Reply(204)
        return json_reply({"id": message.id, "channel_id": "1", "content": message.body, "webhook_id": message.to})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        if refusal.status == 429:
            seconds = refusal.retry_after if isinstance(refusal.retry_after, int) else 0.5
            limited = {"message": "You are being rate limited.", "retry_after": seconds, "global": False}
            return json_reply(limited, 429, {"x-ratelimit-scope": "user", **refusal.headers})
        code = refusal.code or USUAL_CODES.get(refusal.status, "0")
        error = {"message": refusal.message or TEXTS.get(code, TEXTS["0"]), "code": int(code)}
        return json_reply(error, refusal.status, refusal.headers)
