"""Telegram's bot API.

POST /bot{token}/sendMessage
"""

import itertools
import re
from collections.abc import Sequence
from html import unescape
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

PATH = re.compile(r"/bot(?P<token>[^/]+)/(?P<method>\w+)")
MAX_TEXT = 4_096  # characters, tags and entities read
TAGS = re.compile(r"<[^>]*>")
TITLE = re.compile(r"<b>(?P<title>.*?)</b>\n*(?P<body>.*)", re.DOTALL)
TEXTS = {
    400: "Bad Request: chat not found",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    429: "Too Many Requests: retry after {}",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Telegram(Emulator):
    """`chats`: what is wrong with a chat, by the status of the answer (`{"42": 403}`); others are well."""

    name, channel = "telegram", "chat"
    token = "1:emulated"  # noqa: S105 - not secret

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.chats: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def receive(self, request: Request) -> Sequence[Message]:
        found = PATH.fullmatch(request.path)
        if found is None or found["method"] != "sendMessage":
            raise Refusal(404)
        if found["token"] != self.token:
            raise Refusal(401)
        asked = request.json if "json" in request.headers.get("content-type", "") else dict(request.form)
        chat, text = str(asked.get("chat_id") or ""), str(asked.get("text") or "")
        if not chat:
            raise Refusal(400, message="Bad Request: chat_id is empty")
        if not text:
            raise Refusal(400, message="Bad Request: message text is empty")
        title, body = read(text) if asked.get("parse_mode") == "HTML" else ("", text)
        if len(title) + len(body) > MAX_TEXT:
            raise Refusal(400, message="Bad Request: message is too long")
        if status := self.chats.get(chat):
            raise Refusal(status)
        actions = tuple(str(button.get("text", "")) for button in buttons_in(asked))
        shown = {"title": title, "body": body, "actions": actions}
        return [self.message(request, id=str(next(self._numbers)), to=chat, asked=asked, **shown)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        message = messages[0]
        said = {"message_id": int(message.id), "date": int(message.at), "text": message.body}
        return json_reply({"ok": True, "result": {**said, "chat": {"id": message.to, "type": "private"}}})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        seconds = refusal.retry_after if isinstance(refusal.retry_after, int) else 1
        text = refusal.message or TEXTS.get(refusal.status, "Bad Request").format(seconds)
        error: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": text}
        if refusal.status == 429:
            error["parameters"] = {"retry_after": seconds}
        return json_reply(error, refusal.status, refusal.headers)


def read(text: str) -> tuple[str, str]:
    """What begins in bold, and the rest, as a person reads HTML."""
    found = TITLE.fullmatch(text)
    parts = (found["title"], found["body"]) if found else ("", text)
    title, body = (unescape(TAGS.sub("", part)) for part in parts)
    return title, body


def buttons_in(asked: dict[str, Any]) -> list[dict[str, Any]]:
    markup = asked.get("reply_markup") or {}
    return [button for row in markup.get("inline_keyboard", ()) for button in row] if isinstance(markup, dict) else []
