"""What a provider is given: everything there is to know, so that it reads no table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hub.providers.accounts import Account
from hub.tenancy.branding import Branding


@dataclass(frozen=True, slots=True)
class Work:
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
    address: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    tenant: str
    notification_id: UUID
    item_id: UUID
    event: str
    category: str
    priority: str
    content: Mapping[str, Any] = field(repr=False)
    name: str = field(repr=False)
    locale: str
    # how many items the subscriber has not read
    unread: int
    # in how many seconds it expires, by the tenant's clock as it was claimed; None: it doesn't
    expires_in: float | None = None
    group_key: str = ""
    # where one click stops mails of this category; empty: it can't be stopped, or is no mail
    unsubscribe_url: str = field(default="", repr=False)
    # how the tenant shows itself
    branding: Branding = field(default=Branding(), repr=False)
    request_id: str = ""
