"""Discord: webhooks, and messages by a bot.

POST /api/webhooks/{id}/{token}       a message; with `?wait=true` the answer is the message, else nothing
POST /api/v10/channels/{id}/messages  a message by a bot
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

HOOK = re.compile(r"/api/(?:v\d+/)?webhooks/(?P<id>\d+)/(?P<token>[\w-]+)")
CHANNEL = re.compile(r"/api/(?:v\d+/)?channels/(?P<id>\d+)/messages")
MAX_CONTENT = 2_000  # characters
MAX_EMBEDS = 10
TEXTS = {
    "0": "Something went wrong",
    "10003": "Unknown Channel",
    "10015": "Unknown Webhook",
    "50006": "Cannot send an empty message",
    "50007": "Cannot send messages to this user",
    "50013": "Missing Permissions",
    "50027": "Invalid Webhook Token",
    "50035": "Invalid Form Body",
}
USUAL_CODES = {400: "50035", 401: "50027", 403: "50013", 404: "10015"}


class Discord(Emulator):
    """`gone`: ids of webhooks and channels that were deleted. A bot and every webhook have the same `token`."""

    name, channel = "discord", "chat"
    token = "emulated"  # noqa: S105 - not secret

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.gone: set[str] = set()

    def hook(self, webhook: str = "1") -> str:
        return f"{self.url}/api/webhooks/{webhook}/{self.token}"

    def receive(self, request: Request) -> Sequence[Message]:
        to = self._target(request)
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
        return [self.message(request, id=str(10**18 + secrets.randbelow(10**17)), to=to, asked=asked, **shown)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        message = messages[0]
        if HOOK.fullmatch(message.path) and message.query.get("wait") != "true":
            return Reply(204)
        return json_reply({"id": message.id, "channel_id": message.to, "content": message.body})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        if refusal.status == 429:
            seconds = refusal.retry_after if isinstance(refusal.retry_after, int) else 0.5
            limited = {"message": "You are being rate limited.", "retry_after": seconds, "global": False}
            return json_reply(limited, 429, {"x-ratelimit-scope": "user", **refusal.headers})
        code = refusal.code or USUAL_CODES.get(refusal.status, "0")
        error = {"message": refusal.message or TEXTS.get(code, TEXTS["0"]), "code": int(code)}
        return json_reply(error, refusal.status, refusal.headers)

    def _target(self, request: Request) -> str:
        """The webhook or the channel. Raises Refusal for what isn't there, or for whoever may not write there."""
        hook, channel = HOOK.fullmatch(request.path), CHANNEL.fullmatch(request.path)
        if hook:
            target, token = hook["id"], hook["token"]
        elif channel:
            target, token = channel["id"], request.headers.get("authorization", "").removeprefix("Bot ")
        else:
            raise Refusal(404, "0", "404: Not Found")
        if target in self.gone:
            raise Refusal(404, "10003" if channel else "10015")
        if token != self.token:
            raise Refusal(401, "50027" if hook else "0", "" if hook else "401: Unauthorized")
        return target
