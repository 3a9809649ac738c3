"""What a provider is given: everything there is to know, so that it reads no table."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from hub.providers.accounts import Account
from hub.tenancy.branding import Branding

_PERSONAL = frozenset({"address", "data", "content", "name", "unsubscribe_url", "branding"})


class Work(NamedTuple):
    """One message to one destination.

    `message_id` is the same for every attempt of a delivery and differs after a replay: a key for providers that recognise
    repeats. `content` is the notification's: title, body, html, data, actor, action_url, actions, with what it says instead on
    this channel. `address` names the destination on record; `data` is what there is to know of it besides. What could name a
    person is left out of its `repr`.
    """

    delivery_id: UUID
    destination_id: UUID
    attempt_id: UUID
    fence: int
    message_id: str
    account: Account
    # another account of the tenant's was not tried yet
    elsewhere: bool
    address: str
    data: Mapping[str, Any]
    tenant: str
    notification_id: UUID
    item_id: UUID
    event: str
    category: str
    priority: str
    content: Mapping[str, Any]
    name: str
    locale: str
    # how many items the subscriber has not read
    unread: int
    # in how many seconds it expires, by the tenant's clock as it was claimed; None: it doesn't
    expires_in: float | None = None
    group_key: str = ""
    # where one click stops mails of this category; empty: it can't be stopped, or is no mail
    unsubscribe_url: str = ""
    # how the tenant shows itself
    branding: Branding = Branding()
    request_id: str = ""
    # of the delivery, before this claim
    attempts: int = 0
    unknowns: int = 0

    def __repr__(self) -> str:
        return f"Work({', '.join(f'{name}={getattr(self, name)!r}' for name in self._fields if name not in _PERSONAL)})"
