"""A tenant's accounts with providers: made, changed, removed. What they know is checked by their kind, and never shown."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from hub.content.keys import check_key
from hub.exceptions import Conflict, InvalidRequest
from hub.providers.kinds import kinds, known_kind
from hub.providers.models import Provider
from hub.providers.selectors import get_provider, providers
from hub.providers.settings import check_config
from hub.tenancy.models import Tenant

MOST = 50
HIGHEST_POSITION = 1_000


@transaction.atomic
def create_provider(*, tenant: Tenant, key: str, kind: str, **fields: Any) -> Provider:
    """A new account. Raises Conflict when the key is taken or there are too many, InvalidRequest naming each field."""
    check_key(key, field="key")
    # one after the other: the number of a tenant's accounts is bounded, as every claim reads them
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    known = providers(tenant=tenant)
    if known.filter(key=key).exists():
        raise Conflict(f"There is already a provider {key}.")
    if known.count() >= MOST:
        raise Conflict(f"A tenant has {MOST} providers at most.")
    fresh = Provider(tenant=tenant, key=key, kind=kind, channel=class_of(kind).channel)
    _apply(fresh, {"config": {}} | fields)
    fresh.save(force_insert=True)
    fresh.refresh_from_db()
    return fresh


@transaction.atomic
def change_provider(*, tenant: Tenant, key: str, **fields: Any) -> Provider:
    """Change what is given: position, active, config. Secrets that `config` leaves out stay as they are.

    Raises NotFound, and InvalidRequest naming each field.
    """
    found = get_provider(tenant=tenant, key=key, lock=True)
    _apply(found, fields)
    found.version += 1
    found.updated_at = Now()
    found.save()
    found.refresh_from_db()
    return found


def delete_provider(*, tenant: Tenant, key: str) -> None:
    """Remove an account. What waits for it goes through the tenant's next one, or the hub's. Raises NotFound."""
    get_provider(tenant=tenant, key=key).delete()


def class_of(kind: str) -> Any:
    """Raises InvalidRequest for a kind that can't be had."""
    found = known_kind(kind)
    if found is None:
        raise InvalidRequest.on("kind", f"Use one of {', '.join(sorted(kinds()))}.")
    return found


def _apply(found: Provider, fields: dict[str, Any]) -> None:
    if "position" in fields:
        found.position = _position(fields["position"])
    if "active" in fields:
        found.active = _flag(fields["active"])
    if "config" in fields:
        if not isinstance(fields["config"], dict):
            raise InvalidRequest.on("config", "Must be an object.", "type")
        found.config = check_config(class_of(found.kind).settings, fields["config"], found.config or {})


def _position(value: object) -> int:
    if type(value) is not int or not 0 <= value <= HIGHEST_POSITION:
        raise InvalidRequest.on("position", f"Must be a whole number from 0 to {HIGHEST_POSITION}.")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest.on("active", "Must be true or false.", "type")
    return value
