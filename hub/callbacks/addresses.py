"""Where a provider's callbacks go: an address for each account, which nobody can guess."""

import ipaddress
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from hub.callbacks.kinds import reader_class
from hub.conf import conf
from hub.exceptions import NotFound
from hub.ids import parse_uuid
from hub.outbound import is_public
from hub.policy.ladder import CHANNELS
from hub.providers.accounts import Account, hub_accounts, of_row
from hub.providers.models import Provider

_SALT = "hub.callbacks"


def token_of(account_id: str) -> str:
    """What proves that the caller was told the address: 128 bits that follow from the account and the hub's secret."""
    return salted_hmac(_SALT, account_id, algorithm="sha256").hexdigest()[:32]


def callback_url(account: Account) -> str:
    """The address to give to the provider; empty if nothing comes back from its kind."""
    if reader_class(account.kind) is None:
        return ""
    return f"{conf.public_url.rstrip('/')}/api/v1/callbacks/{account.id}/{token_of(account.id)}"


def receipts_url(account: Account) -> str:
    """`callback_url`, for providers that take an address with each message. Empty where it would lead nowhere: nobody outside
    reaches the hub, and the account's API is not beside it. Some refuse a message for that."""
    beside = "url" in account.config and _is_inside(account.config["url"])
    return "" if _is_inside(conf.public_url) and not beside else callback_url(account)


def account_at(account_id: str, token: str) -> tuple[Account, UUID | None]:
    """The account that an address belongs to, and whose it is; None: the hub's. Raises NotFound, whatever is wrong with it."""
    account, tenant_id = _find(account_id)
    if account is None or not constant_time_compare(token, token_of(account_id)):
        raise NotFound("There is no such address.")
    return account, tenant_id


def account_of(account_id: str) -> Account | None:
    """The account of this id, as it is now; None if it is gone."""
    account, _ = _find(account_id)
    return account


def _is_inside(url: str) -> bool:
    """Whether a URL can only be one of our own network's, by its host alone: `localhost`, `hub`, `10.0.0.7`."""
    host = urlsplit(url).hostname or ""
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        return "." not in host


def _find(account_id: str) -> tuple[Account | None, UUID | None]:
    key = parse_uuid(account_id)
    if key is not None:
        row = Provider.objects.filter(pk=key).first()
        return (of_row(row), row.tenant_id) if row else (None, None)
    return next((one for channel in CHANNELS for one in hub_accounts(channel) if one.id == account_id), None), None
