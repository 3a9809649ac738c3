"""Templates that come with the hub, for tenants to start from: a YAML file each, template by key."""

from pathlib import Path

import yaml
from django.db import transaction

from hub.content.templates import replace_template
from hub.content.versions import publish
from hub.exceptions import NotFound
from hub.tenancy.models import Tenant

_FOLDER = Path(__file__).parent


def packs() -> list[str]:
    """The names of the packs there are."""
    return sorted(file.stem for file in _FOLDER.glob("*.yaml"))


@transaction.atomic
def install(*, tenant: Tenant, pack: str) -> list[str]:
    """Make and publish the templates of a pack, in the place of those with the same keys. Returns the keys.

    Raises NotFound for a pack that there isn't.
    """
    if pack not in packs():
        raise NotFound(f"There is no pack {pack!r}; use {', '.join(packs())}.")
    templates = yaml.safe_load((_FOLDER / f"{pack}.yaml").read_text())
    for key, fields in templates.items():
        replace_template(tenant=tenant, key=key, **fields)
        publish(tenant=tenant, key=key, creator="code")
    return list(templates)
