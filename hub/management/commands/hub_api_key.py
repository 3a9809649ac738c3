"""`manage.py hub_api_key create --tenant <slug> --scope <scope>…`: a new API key, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.exceptions import HubError
from hub.tenancy.models import Tenant
from hub.tenancy.services import create_api_key


class Command(BaseCommand):
    """Makes API keys."""

    help = "Make an API key and print it; it can't be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        create = parser.add_subparsers(dest="action", required=True).add_parser("create")
        create.add_argument("--tenant", required=True, help="the tenant's slug")
        create.add_argument("--scope", action="append", required=True, help="such as notifications:write; repeatable")
        create.add_argument("--name", default="command line")

    def handle(self, *_: Any, tenant: str, scope: list[str], name: str, **__: Any) -> None:
        owner = Tenant.objects.filter(slug=tenant).first()
        if owner is None:
            raise CommandError(f"There is no tenant {tenant}.")
        try:
            text = create_api_key(tenant=owner, name=name, scopes=scope)[1]
        except HubError as error:
            raise CommandError(error.message) from error
        self.stdout.write(text)
