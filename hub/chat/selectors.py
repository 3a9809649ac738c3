"""Reads of chat addresses."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from hub.audience.models import Subscriber
from hub.chat.models import ChatAddress
from hub.rows import Question, array
from hub.tenancy.crypto import decrypted

# SQL on `hub_subscriber s`: whether there is a chat to write to
HAS_CHAT = "EXISTS (SELECT FROM hub_chataddress a WHERE a.subscriber_id = s.id AND a.deactivated_at IS NULL)"


def chat_addresses(subscriber: Subscriber) -> QuerySet[ChatAddress]:
    """Where the subscriber is reached, or was, one a kind."""
    return ChatAddress.objects.filter(subscriber=subscriber).order_by("kind")


_CHATS = """
SELECT subscriber_id, address, id, kind FROM hub_chataddress
WHERE subscriber_id = ANY(%s::uuid[]) AND deactivated_at IS NULL ORDER BY id
"""


class Chat(NamedTuple):
    """Where somebody is reached. `id`: of the row."""

    id: UUID
    kind: str
    address: str


def chats_of(subscriber_ids: Collection[UUID]) -> Question[dict[UUID, Sequence[Chat]]]:
    """The active addresses of each subscriber. Who has none is absent."""
    found: defaultdict[UUID, list[Chat]] = defaultdict(list)
    rows = yield _CHATS, [array(subscriber_ids)]
    for subscriber_id, address, pk, kind in rows:
        found[subscriber_id].append(Chat(pk, kind, decrypted(address)))
    return dict(found)
