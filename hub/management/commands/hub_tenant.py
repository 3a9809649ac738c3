"""`manage.py hub_tenant create <slug> <name>`: a new tenant."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.exceptions import HubError
from hub.tenancy.services import create_tenant


class Command(BaseCommand):
    """Makes tenants."""

    help = "Make a tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        create = parser.add_subparsers(dest="action", required=True).add_parser("create")
        create.add_argument("slug")
        create.add_argument("name")
        create.add_argument("--allowed-origin", action="append", default=[], help="scheme://host[:port]; repeatable")

    def handle(self, *_: Any, slug: str, name: str, allowed_origin: list[str], **__: Any) -> None:
        try:
            tenant = create_tenant(slug=slug, name=name, allowed_origins=allowed_origin)
        except HubError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"tenant {tenant.slug}")
