"""REST: where a subscriber is reached in chats."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.views import ServerView
from hub.audience.models import Subscriber
from hub.audience.selectors import get_subscriber
from hub.chat.models import ChatAddress
from hub.chat.selectors import chat_addresses
from hub.chat.services import remove_address, set_address
from hub.exceptions import NotFound
from hub.policy.masking import mask


class SubscriberChats(ServerView):
    """`/subscribers/{id}/chat`"""

    resource = "subscribers"

    def get(self, request: Request, external_id: str) -> Response:
        query(request).done()
        subscriber = get_subscriber(tenant=self.caller.tenant, external_id=external_id)
        return Response({"items": [_shown(row) for row in chat_addresses(subscriber)]})


class SubscriberChat(ServerView):
    """`/subscribers/{id}/chat/{kind}`"""

    resource = "subscribers"

    def put(self, request: Request, external_id: str, kind: str) -> Response:
        subscriber = self._subscriber(external_id, kind)
        fields = body(request)
        address = fields.text("address", required=True)
        fields.done()
        # that the answer names whose it is makes an erasure find it among the kept answers
        row = set_address(subscriber=subscriber, kind=kind, address=address)
        return Response(_shown(row) | {"subscriber": external_id})

    def delete(self, request: Request, external_id: str, kind: str) -> Response:
        remove_address(subscriber=self._subscriber(external_id, kind), kind=kind)
        return Response(status=204)

    def _subscriber(self, external_id: str, kind: str) -> Subscriber:
        subscriber = get_subscriber(tenant=self.caller.tenant, external_id=external_id)
        if kind not in ChatAddress.Kind.values:
            raise NotFound(f"There is no such kind of chat: use {', '.join(ChatAddress.Kind.values)}.")
        return subscriber


def _shown(row: ChatAddress) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "address": mask(row.address),
        "active": row.deactivated_at is None,
        "history": row.history,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "deactivated_at": row.deactivated_at,
    }
