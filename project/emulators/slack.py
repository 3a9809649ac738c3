"""Slack: incoming webhooks, and chat.postMessage, which tells what it refuses with a 200.

POST /services/{team}/{app}/{secret}   an incoming webhook
POST /api/chat.postMessage             a message by a bot
"""

import itertools
import re
from collections.abc import Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

HOOK = re.compile(r"/services/(?P<hook>T\w+/B\w+/\w+)")
MAX_TEXT = 40_000  # characters
HOOK_ERRORS = {
    400: "invalid_payload",
    401: "invalid_token",
    403: "action_prohibited",
    404: "no_service",
    410: "channel_is_archived",
    429: "rate_limited",
    500: "rollup_error",
    503: "service_unavailable",
}
API_ERRORS = {
    400: "invalid_arguments",
    401: "invalid_auth",
    403: "not_in_channel",
    404: "channel_not_found",
    410: "is_archived",
    429: "ratelimited",
    500: "internal_error",
    503: "service_unavailable",
}


class Slack(Emulator):
    """`channels`: what is wrong with a channel or a webhook, by Slack's error; others are well."""

    name, channel = "slack", "chat"
    token = "xoxb-emulated"  # noqa: S105 - not secret

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.channels: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def hook(self, secret: str = "emulated") -> str:  # noqa: S107 - a path of the emulator's
        """The address of an incoming webhook."""
        return f"{self.url}/services/T00000000/B00000000/{secret}"

    def receive(self, request: Request) -> Sequence[Message]:
        hook = HOOK.fullmatch(request.path)
        if hook is None and request.path != "/api/chat.postMessage":
            raise Refusal(404)
        asked = self._asked(request)
        if hook is None and request.bearer != self.token:
            raise Refusal(401)
        to = hook["hook"] if hook else str(asked.get("channel") or "")
        if not to:
            raise Refusal(404)
        if problem := self.channels.get(to):
            table = HOOK_ERRORS if hook else API_ERRORS
            raise Refusal(next((status for status, code in table.items() if code == problem), 400), problem)
        body = text_in(asked)
        if not body:
            raise Refusal(400, "no_text")
        if len(body) > MAX_TEXT:
            raise Refusal(400, "msg_too_long")
        stamp = f"{int(self.clock.now())}.{next(self._numbers):06d}"
        return [self.message(request, id=stamp, to=to, asked=asked, **shown(asked, body))]

    def accept(self, messages: Sequence[Message]) -> Reply:
        message = messages[0]
        if HOOK.fullmatch(message.path):
            return Reply(200, b"ok", {"content-type": "text/html"})
        said = {"type": "message", "text": message.body, "ts": message.id}
        return json_reply({"ok": True, "channel": message.to, "ts": message.id, "message": said})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        if request.path.startswith("/services/"):
            text = refusal.code or HOOK_ERRORS.get(refusal.status, "rollup_error")
            return Reply(refusal.status, text.encode(), {"content-type": "text/html", **refusal.headers})
        error = {"ok": False, "error": refusal.code or API_ERRORS.get(refusal.status, "fatal_error")}
        # A limit and a broken machine have a status of their own; all else is a 200.
        status = refusal.status if refusal.status in (429, 500, 503) else 200
        return json_reply(error, status, refusal.headers)

    def _asked(self, request: Request) -> dict[str, Any]:
        if "json" in request.headers.get("content-type", ""):
            return request.json
        return dict(request.form)


def text_in(asked: dict[str, Any]) -> str:
    if asked.get("text"):
        return str(asked["text"])
    parts = [text_of(block) for block in asked.get("blocks") or ()]
    return "\n".join(part for part in parts if part)


def text_of(block: dict[str, Any]) -> str:
    text = block.get("text") or {}
    return str(text.get("text", "")) if isinstance(text, dict) else str(text)


def shown(asked: dict[str, Any], body: str) -> dict[str, Any]:
    blocks = asked.get("blocks") or ()
    header = next((text_of(block) for block in blocks if block.get("type") == "header"), "")
    buttons = [element for block in blocks if block.get("type") == "actions" for element in block.get("elements", ())]
    actions = tuple(text_of(button) for button in buttons)
    sections = "\n".join(text_of(block) for block in blocks if block.get("type") == "section")
    url = next((str(button["url"]) for button in buttons if button.get("url")), "")
    return {"title": header, "body": sections or body, "actions": actions, "url": url}
