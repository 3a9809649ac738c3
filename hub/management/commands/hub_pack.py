"""`manage.py hub_pack shop --tenant acme`: give a tenant the templates of a pack, published."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.content.packs import install, packs
from hub.exceptions import HubError
from hub.tenancy.selectors import get_tenant


class Command(BaseCommand):
    help = "Install the templates of a pack for a tenant, in the place of its own with the same keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pack", choices=packs())
        parser.add_argument("--tenant", required=True, help="its slug")

    def handle(self, *_: Any, pack: str, tenant: str, **__: Any) -> None:
        try:
            keys = install(tenant=get_tenant(slug=tenant), pack=pack)
        except HubError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{tenant} has {', '.join(keys)}")
