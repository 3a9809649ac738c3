"""Any address that takes JSON, signed per Standard Webhooks: a chat of one's own, or what stands before it."""

from datetime import UTC, datetime

import orjson
from standardwebhooks import Webhook as Signer

from deliveries.providers.base import Sent
from deliveries.providers.chat import ChatProvider, address_of
from deliveries.providers.errors import AddressDead
from deliveries.providers.http import JSON
from deliveries.signing import signature
from hub.fallback.work import Work
from hub.providers.accounts import Account
from hub.providers.settings import Setting


class ChatWebhook(ChatProvider):
    """`webhook-id` is the same for every attempt, so that a receiver can know a repeat."""

    hosts_vary = True
    settings = (Setting("secret", "What each post is signed with (whsec_…).", secret=True),)
    limits = {"title": 500, "body": 10_000}
    statuses = dict.fromkeys((404, 410), AddressDead)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._signer = Signer(self.needed("secret"))

    async def deliver(self, work: Work) -> Sent:
        said, key = self.said(work), work.message_id
        content = {"id": key, "event": work.event, "title": said.title, "body": said.body, "url": said.link}
        body = orjson.dumps(content)
        headers = {**JSON, **signature(key, datetime.now(UTC), body, [self._signer])}
        answer = await self.call("POST", address_of(work), headers=headers, body=body)
        return Sent(key, str(answer.status))
