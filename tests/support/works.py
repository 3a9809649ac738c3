"""Works that no table knows, for tests of providers alone."""

from typing import Any
from uuid import UUID

from hub.fallback.work import Work
from hub.ids import uuid7
from hub.providers.accounts import Account
from tests.support.deliveries import CONTENT


def make_work(content: dict[str, Any] | None = None, **fields: Any) -> Work:
    """One to alice@example.com, titled `Hello`."""
    values: dict[str, Any] = {
        "delivery_id": UUID("01932d3f-0000-7000-8000-000000000001"),
        "destination_id": uuid7(),
        "fence": 1,
        "generation": 0,
        "message_id": "01932d3f-0000-7000-8000-000000000001.0",
        "account": Account("hub.mail", "django", "mail", "email"),
        "elsewhere": False,
        "address": "alice@example.com",
        "data": {},
        "tenant": "acme",
        "notification_id": uuid7(),
        "item_id": uuid7(),
        "event": "comment.created",
        "category": "general",
        "priority": "normal",
        "content": CONTENT | (content or {}),
        "name": "Alice",
        "locale": "",
        "unread": 1,
        "attempt_id": uuid7(),
        "request_id": "",
    }
    return Work(**(values | fields))
