"""`manage.py hub_templates pull|push|diff DIR`: templates as files, for people who keep them in git."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.content.folder import differences, pull, push
from hub.exceptions import HubError
from hub.tenancy.models import Tenant
from hub.tenancy.selectors import get_tenant


class Command(BaseCommand):
    """Carries templates between the hub and a folder."""

    help = (
        "Pull a tenant's templates into a folder, push them back, or show how they differ (and end with 1 if they do)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, text in (
            ("pull", "make the folder as the hub is"),
            ("push", "make the hub as the folder is: all of it, or nothing when anything is wrong"),
            ("diff", "show what a push would change"),
        ):
            action = actions.add_parser(name, help=text)
            action.add_argument("folder", type=Path, metavar="DIR")
            action.add_argument("--tenant", required=True, help="the tenant's slug")
        push_action = actions.choices["push"]
        push_action.add_argument("--publish", action="store_true", help="publish what is not what is published")
        push_action.add_argument("--delete", action="store_true", help="remove what the folder doesn't have")

    def handle(self, *_: Any, action: str, folder: Path, tenant: str, **options: Any) -> None:
        if action != "pull" and not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        try:
            getattr(self, action)(get_tenant(slug=tenant), folder, options)
        except HubError as error:
            raise CommandError(error.message) from error

    def pull(self, tenant: Tenant, folder: Path, options: dict[str, Any]) -> None:
        """Write the folder."""
        self._tell(pull(tenant=tenant, folder=folder))

    def push(self, tenant: Tenant, folder: Path, options: dict[str, Any]) -> None:
        """Write the hub."""
        publish, delete = options["publish"], options["delete"]
        self._tell(push(tenant=tenant, folder=folder, creator="code", publish_too=publish, delete=delete))

    def diff(self, tenant: Tenant, folder: Path, options: dict[str, Any]) -> None:
        """Show the differences, and end with 1 if there are any."""
        lines = list(differences(tenant=tenant, folder=folder))
        self.stdout.write("".join(line if line.endswith("\n") else f"{line}\n" for line in lines), ending="")
        if lines:
            sys.exit(1)

    def _tell(self, touched: list[str]) -> None:
        self.stdout.write("".join(f"{name}\n" for name in touched) or "nothing to do\n", ending="")
