"""Accounts, works and withdrawals that no table knows, for tests of providers alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from deliveries.providers.base import Receipt
from hub.devices.selectors import PushTarget
from hub.fallback.withdrawals import Pushed, Withdrawal
from hub.fallback.work import Work
from hub.ids import uuid7
from hub.loop import run
from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from tests.support.deliveries import CONTENT


def make_account(kind: str, config: Mapping[str, Any], *, id: str = "hub.it") -> Account:
    """One of the hub's, unless `id` is that of another."""
    return Account(id, kind, "it", kind_class(kind).channel, 1, config)


def make_work(content: dict[str, Any] | None = None, **fields: Any) -> Work:
    """One to alice@example.com, titled `Hello`."""
    values: dict[str, Any] = {
        "delivery_id": UUID("01932d3f-0000-7000-8000-000000000001"),
        "destination_id": uuid7(),
        "fence": 1,
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


def carry(account: Account, *works: Work) -> list[Receipt]:
    """What comes of them, one after the other, through one provider. Raises Configuration where it can't be made."""
    provider = kind_class(account.kind).made(account)

    async def carried() -> list[Receipt]:
        try:
            return [receipt for work in works for receipt in await provider.send([work])]
        finally:
            await provider.close()

    return run(carried(), timeout=300)


def make_withdrawal(*pushed: tuple[UUID, str], account: Account | None = None, **fields: Any) -> Withdrawal:
    """Of what was `pushed`, (item, collapse id), from a phone. `fields`: of the device, and `unread`."""
    unread = fields.pop("unread", 0)
    about: dict[str, Any] = {"device_id": uuid7(), "external_id": "phone", "platform": "fcm", "token": "token"}
    device = PushTarget(**about | {"keys": {}, "app": "", "environment": "production", "locale": ""} | fields)
    carrier = account or Account("hub.fcm", "fcm", "fcm", "push")
    return Withdrawal(carrier, device, "acme", tuple(Pushed(*one) for one in pushed), unread, datetime.now(UTC))
