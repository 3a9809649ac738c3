"""Microsoft Teams: a workflow's webhook, which takes an Adaptive Card and answers 202 before it is posted.

POST /workflows/{id}
"""

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from project.emulators.base import Emulator, json_reply
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

PATH = re.compile(r"/workflows/(?P<id>[\w-]+)")
MAX_BODY = 28 * 1024  # bytes
CARD = "application/vnd.microsoft.card.adaptive"
CODES = {
    400: "TriggerInputSchemaMismatch",
    401: "AuthorizationFailed",
    403: "AuthorizationFailed",
    404: "WorkflowNotFound",
    410: "WorkflowTriggerIsNotEnabled",
    413: "RequestEntityTooLarge",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


class Teams(Emulator):
    """`gone`: workflows that were deleted."""

    name, channel = "teams", "chat"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.gone: set[str] = set()

    def hook(self, workflow: str = "emulated") -> str:
        return f"{self.url}/workflows/{workflow}"

    def receive(self, request: Request) -> Sequence[Message]:
        found = PATH.fullmatch(request.path)
        if found is None or found["id"] in self.gone:
            raise Refusal(404)
        if len(request.body) > MAX_BODY:
            raise Refusal(413)
        asked = request.json
        shown = shown_of(asked)
        if not shown["title"] and not shown["body"]:
            raise Refusal(400)
        return [self.message(request, id=str(uuid.uuid4()), to=found["id"], asked=asked, **shown)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return Reply(202, b"", {"x-ms-workflow-run-id": messages[0].id})

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        code = refusal.code or CODES.get(refusal.status, "InternalServerError")
        error = {"code": code, "message": refusal.message or f"The workflow failed with {code}."}
        return json_reply({"error": error}, refusal.status, refusal.headers)


def shown_of(asked: dict[str, Any]) -> dict[str, Any]:
    """The first text of the card is its title, the others its body."""
    cards = [a.get("content") or {} for a in asked.get("attachments") or () if a.get("contentType") == CARD]
    texts = [text for card in cards for text in texts_in(card.get("body") or ())]
    if not cards:
        return {"title": str(asked.get("title", "")), "body": str(asked.get("text", "")), "actions": (), "url": ""}
    actions = [action for card in cards for action in card.get("actions") or ()]
    return {
        "title": texts[0] if len(texts) > 1 else "",
        "body": "\n".join(texts[1:] if len(texts) > 1 else texts),
        "actions": tuple(str(action.get("title", "")) for action in actions),
        "url": next((str(action["url"]) for action in actions if action.get("url")), ""),
    }


def texts_in(elements: Sequence[dict[str, Any]]) -> Iterator[str]:
    for element in elements:
        if element.get("type") == "TextBlock" and element.get("text"):
            yield str(element["text"])
        if element.get("type") == "RichTextBlock":
            yield "".join(str(run.get("text", "")) for run in element.get("inlines") or ())
        yield from texts_in(element.get("items") or ())
