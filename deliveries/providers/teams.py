"""Microsoft Teams: by a workflow's webhook, which takes an Adaptive Card and posts it later."""

from typing import Any

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent
from deliveries.providers.chat import ChatProvider, Said, address_of
from deliveries.providers.errors import AddressDead
from hub.fallback.work import Work
from hub.outbound import Answer

CARD = "application/vnd.microsoft.card.adaptive"


class Teams(ChatProvider):
    """An account needs nothing: who knows a workflow's address may post to it."""

    hosts_vary = True

    # a whole message has 28 KB at most, and a character up to 4 bytes
    limits = {"title": 150, "body": 5_000}
    # the workflow is deleted or off, or its address no longer the right one
    codes = dict.fromkeys(
        ("WorkflowTriggerIsNotEnabled", "WorkflowNotFound", "WorkflowTriggerNotFound", "AuthorizationFailed"),
        AddressDead,
    )
    statuses = dict.fromkeys((401, 403, 404, 410), AddressDead)

    async def deliver(self, work: Work) -> Sent:
        answer = await self.post_json(address_of(work), content_of(self.said(work)))
        return Sent(answer.headers.get("x-ms-workflow-run-id", ""), str(answer.status))

    def code_of(self, answer: Answer) -> str:
        error = fields_of(answer).get("error")
        return str(error.get("code") or "") if isinstance(error, dict) else ""


def content_of(said: Said) -> dict[str, Any]:
    """A card of rich text blocks: unlike text blocks, they know no Markdown. It mentions nobody, as it lists no entities."""
    body = [_text(said.title, weight="Bolder", size="Medium")] if said.title else []
    body += [_text(line) for line in said.body.splitlines() if line.strip()]
    card: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.4", "body": body}
    if said.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": said.link_name, "url": said.link}]
    return {"type": "message", "attachments": [{"contentType": CARD, "content": card}]}


def _text(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
