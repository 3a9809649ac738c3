"""`python -m tests.bench.seed`: migrates the database of the environment, and makes a tenant, a key and users."""

import argparse
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django
from django.core.management import call_command
from django.db.models import Value
from django.db.models.functions import Concat

django.setup()

from hub.audience.models import Subscriber  # noqa: E402
from hub.audience.services import ensure_subscribers  # noqa: E402
from hub.tenancy.models import SigningKey, Tenant  # noqa: E402
from hub.tenancy.services import create_api_key, create_signing_key, create_tenant  # noqa: E402
from hub.tenancy.tokens import mint  # noqa: E402

LIFE = timedelta(hours=12)


def seed(users: int) -> dict[str, Any]:
    tenant = create_tenant(slug="measured", name="Measured")
    _, api_key = create_api_key(tenant=tenant, name="measured", scopes=["*"])
    return {"tenant": str(tenant.pk), "api_key": api_key, "users": _users(tenant, users)}


def _users(tenant: Tenant, count: int) -> list[dict[str, str]]:
    names = [f"user-{number:05}" for number in range(count)]
    ids = ensure_subscribers(tenant=tenant, external_ids=names) if names else {}
    Subscriber.objects.filter(pk__in=ids.values()).update(email=Concat("external_id", Value("@example.com")))
    signing_key = create_signing_key(tenant=tenant)
    return [_user(tenant, name, ids[name], signing_key) for name in names]


def _user(tenant: Tenant, name: str, pk: UUID, signing_key: SigningKey) -> dict[str, str]:
    subscriber = Subscriber(pk=pk, tenant=tenant, external_id=name)
    token = mint(subscriber=subscriber, ttl=LIFE, signing_key=signing_key)
    return {"id": name, "subscriber": str(pk), "email": f"{name}@example.com", "token": token}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    wanted = parser.parse_args()
    call_command("migrate", interactive=False, verbosity=0)
    wanted.output.write_text(json.dumps(seed(wanted.users)))
