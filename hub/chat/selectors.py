"""Reads of chat addresses."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import QuerySet

from hub.audience.models import Subscriber
from hub.chat.models import ChatAddress

# SQL on `hub_subscriber s`: whether there is a chat to write to
HAS_CHAT = "EXISTS (SELECT FROM hub_chataddress a WHERE a.subscriber_id = s.id AND a.deactivated_at IS NULL)"


def chat_addresses(subscriber: Subscriber) -> QuerySet[ChatAddress]:
    """Where the subscriber is reached, or was, one a kind."""
    return ChatAddress.objects.filter(subscriber=subscriber).order_by("kind")


def chats_of(subscriber_ids: Collection[UUID]) -> dict[UUID, Sequence[ChatAddress]]:
    """The active addresses of each subscriber, in one query. Who has none is absent."""
    found: defaultdict[UUID, list[ChatAddress]] = defaultdict(list)
    for row in ChatAddress.objects.filter(subscriber__in=subscriber_ids, deactivated_at=None).order_by("id"):
        found[row.subscriber_id].append(row)
    return dict(found)
