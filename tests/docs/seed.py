"""`python -m tests.docs.seed <slug> <file>`: a tenant of a page's own, as `make run` leaves one in `.hub/demo.json`."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from hub.audience.services import upsert_subscriber  # noqa: E402
from hub.tenancy.models import Tenant  # noqa: E402
from hub.tenancy.services import create_api_key, create_tenant  # noqa: E402
from hub.tenancy.tokens import mint  # noqa: E402


def seed(slug: str) -> dict[str, Any]:
    tenant = create_tenant(slug=slug, name=slug.title())
    key = create_api_key(tenant=tenant, name="docs", scopes=["*"])[1]
    return {"tenant": slug, "api_key": key, "users": [_user(tenant, name) for name in ("alice", "bob")]}


def _user(tenant: Tenant, name: str) -> dict[str, str]:
    email = f"{name}@example.com"
    subscriber = upsert_subscriber(tenant=tenant, external_id=name, name=name.title(), email=email)
    return {"id": name, "token": mint(subscriber=subscriber, ttl=timedelta(hours=1)), "email": email}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(seed(sys.argv[1])))
