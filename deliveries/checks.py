"""System checks of the off-app edge."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from hub.callbacks.kinds import reader_class
from hub.conf import conf
from hub.policy.ladder import CHANNELS
from hub.providers.accounts import hub_accounts


@register()
def lease_outlasts_calls(**_: Any) -> list[CheckMessage]:
    """deliveries.E001: a call that may outlast its lease may be made twice at once."""
    longest = 2 * conf.provider_timeout
    if conf.delivery_lease > longest:
        return []
    return [
        Error(
            f"HUB['delivery_lease'] ({conf.delivery_lease} s) must exceed twice HUB['provider_timeout'] ({longest} s).",
            hint="Connecting and sending may each take provider_timeout; a lease must outlast both.",
            id="deliveries.E001",
        )
    ]


@register()
def callbacks_can_be_believed(**_: Any) -> Iterator[CheckMessage]:
    """deliveries.W001: an account whose provider signs what it tells, with something that the account doesn't know."""
    try:
        accounts = [account for channel in CHANNELS for account in hub_accounts(channel)]
    except (LookupError, ImportError, OSError):
        # hub.E002 and hub.E011 say so
        return
    for account in accounts:
        reader = reader_class(account.kind)
        if reader and (lacking := reader(account).lacks()):
            yield Warning(
                f"HUB['providers'][{account.key!r}] lacks {lacking}: nothing that the provider tells is believed.",
                hint="Bounces, complaints, receipts and STOP are signed with it (docs/providers.md).",
                id="deliveries.W001",
            )
