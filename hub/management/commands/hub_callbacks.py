"""`manage.py hub_callbacks`: where the providers of the hub's own accounts tell what became of messages."""

from typing import Any

from django.core.management.base import BaseCommand

from hub.callbacks.addresses import callback_url
from hub.policy.ladder import CHANNELS
from hub.providers.accounts import hub_accounts


class Command(BaseCommand):
    """Prints addresses; each holds a secret."""

    help = "Print the callback address of each of the hub's own accounts, to be configured at its provider."

    def handle(self, *_: Any, **__: Any) -> None:
        for channel in CHANNELS:
            for account in hub_accounts(channel):
                self.stdout.write(f"{account.label} {callback_url(account) or '(nothing comes back)'}")
