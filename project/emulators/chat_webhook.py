"""Somebody's own address: takes any JSON that is signed per Standard Webhooks. For chat and for outbound webhooks.

POST /{anything}
"""

from collections.abc import Sequence

from standardwebhooks import Webhook, WebhookVerificationError

from project.emulators.base import Emulator
from project.emulators.recorder import Message
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

SIGNING_SECRET = "whsec_ZW11bGF0ZWQtc2lnbmluZy1zZWNyZXQ="  # noqa: S105 - not secret


class ChatWebhook(Emulator):
    """`secret`: what it is signed with (`whsec_…`); empty: unsigned ones are taken too."""

    name, channel = "chat_webhook", "chat"
    secret = ""

    def receive(self, request: Request) -> Sequence[Message]:
        if self.secret:
            self._check(request)
        asked = request.json
        shown = {field: str(asked.get(field) or "") for field in ("title", "body", "url")}
        shown["body"] = shown["body"] or str(asked.get("text") or asked.get("type") or "")
        webhook_id = request.headers.get("webhook-id", "")
        return [self.message(request, id=webhook_id, to=request.path, asked=asked, **shown)]

    def accept(self, messages: Sequence[Message]) -> Reply:
        return Reply(204)

    def refuse(self, refusal: Refusal, request: Request) -> Reply:
        return Reply(refusal.status, (refusal.message or "failed").encode(), refusal.headers)

    def _check(self, request: Request) -> None:
        try:
            Webhook(self.secret).verify(request.body, dict(request.headers))
        except WebhookVerificationError as error:
            raise Refusal(401, message=str(error)) from error
