"""Where a provider's callbacks go: an address for each account, which nobody can guess."""

from django.utils.crypto import constant_time_compare, salted_hmac

from hub.callbacks.kinds import reader_class
from hub.conf import conf
from hub.exceptions import NotFound
from hub.ids import parse_uuid
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


def account_at(account_id: str, token: str) -> tuple[Account, Provider | None]:
    """The account that an address belongs to, with its row if it is a tenant's. Raises NotFound, whatever is wrong with it."""
    row = _row(account_id)
    account = of_row(row) if row else account_of(account_id)
    if account is None or not constant_time_compare(token, token_of(account_id)):
        raise NotFound("There is no such address.")
    return account, row


def account_of(account_id: str) -> Account | None:
    """The account of this id, as it is now; None if it is gone."""
    row = _row(account_id)
    if row is not None:
        return of_row(row)
    return next((one for channel in CHANNELS for one in hub_accounts(channel) if one.id == account_id), None)


def _row(account_id: str) -> Provider | None:
    key = parse_uuid(account_id)
    return Provider.objects.filter(pk=key).first() if key else None
