"""Migrates, makes the demo tenant with its users, and writes what it takes to try the hub to a file for its owner alone."""

import json
import os
import secrets
import tempfile
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models.functions import Now

from hub.audience.services import upsert_subscriber
from hub.callbacks.addresses import callback_url
from hub.content.packs import install
from hub.policy.ladder import CHANNELS
from hub.providers.accounts import hub_accounts
from hub.tenancy.models import ApiKey, Tenant
from hub.tenancy.services import create_api_key
from hub.tenancy.tokens import mint
from project.demo.addresses import reach_everywhere

SLUG = "demo"
# Numbers that are kept for fiction. Alice and Bob have no device: who of them is away is mailed at once.
PEOPLE = (("alice", "Alice", "+12025550101"), ("bob", "Bob", "+12025550102"), ("carol", "Carol", "+12025550103"))
BRANDING = {"name": "Demo shop", "address": "Demo shop, 1 High Street, York", "support_url": "mailto:help@example.com"}
ADMIN = "admin"
LIFE = timedelta(hours=24)


class Command(BaseCommand):
    """`manage.py hub_demo --url … --mailbox-url … --output .hub/demo.json`; running it again renews the credentials."""

    help = "Migrate, make the demo tenant and write its credentials."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="where the hub answers")
        parser.add_argument(
            "--mailbox-url", default=settings.HUB_MAILBOX_URL, help="where the mail that it sent is listed"
        )
        parser.add_argument("--output", type=Path, default=Path(".hub/demo.json"), help="the file to write")

    def handle(self, *_: Any, url: str, mailbox_url: str, output: Path, **__: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This makes an administrator: set HUB_DEMO=1 to say that it is a demo.")
        call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        with transaction.atomic():
            tenant = _tenant(url)
            demo = {
                "url": url,
                "tenant": tenant.slug,
                "api_key": _renewed_key(tenant),
                "mailbox_url": mailbox_url,
                "users": [_user(tenant, *person) for person in PEOPLE],
                "callbacks": _callbacks(),
                "admin": {"username": ADMIN, "password": _admin_password()},
            }
        _write(output, demo)
        self.stdout.write(f"{output}: tenant {tenant.slug}, users {', '.join(who for who, *_ in PEOPLE)}")


def _tenant(url: str) -> Tenant:
    tenant, created = Tenant.objects.get_or_create(slug=SLUG, defaults={"name": "Demo", "branding": BRANDING})
    if created:
        install(tenant=tenant, pack="shop")
    tenant.allowed_origins = sorted({*tenant.allowed_origins, url.rstrip("/")})
    tenant.save(update_fields=["allowed_origins"])
    return tenant


def _callbacks() -> dict[str, str]:
    """Where the providers of the hub's own accounts tell what became of messages, by account."""
    ours = [account for channel in CHANNELS for account in hub_accounts(channel)]
    return {account.key: url for account in ours if (url := callback_url(account))}


def _renewed_key(tenant: Tenant) -> str:
    ApiKey.objects.filter(tenant=tenant, name=SLUG, revoked_at__isnull=True).update(revoked_at=Now())
    return create_api_key(tenant=tenant, name=SLUG, scopes=["*"])[1]


def _user(tenant: Tenant, external_id: str, name: str, phone: str) -> dict[str, str]:
    email = f"{external_id}@example.com"
    subscriber = upsert_subscriber(tenant=tenant, external_id=external_id, name=name, email=email, phone=phone)
    if external_id == "carol" and settings.HUB_EMULATORS_URL:
        reach_everywhere(subscriber, emulators=settings.HUB_EMULATORS_URL)
    return {"id": external_id, "token": mint(subscriber=subscriber, ttl=LIFE), "email": email}


def _admin_password() -> str:
    user, _ = get_user_model().objects.get_or_create(username=ADMIN, defaults={"is_staff": True, "is_superuser": True})
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _write(output: Path, demo: dict[str, Any]) -> None:
    """All or nothing, and for its owner alone: a reader never meets half a file."""
    output.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    with os.fdopen(descriptor, "w") as file:
        json.dump(demo, file, indent=2)
        file.write("\n")
    Path(name).replace(output)
