"""Reads of a tenant's accounts with providers."""

from django.db.models import QuerySet

from hub.exceptions import NotFound
from hub.providers.models import Provider
from hub.tenancy.models import Tenant


def providers(*, tenant: Tenant, channel: str | None = None) -> QuerySet[Provider]:
    """The tenant's accounts, those of a channel alone if it is given."""
    rows = Provider.objects.filter(tenant=tenant)
    return rows if channel is None else rows.filter(channel=channel)


def get_provider(*, tenant: Tenant, key: str, lock: bool = False) -> Provider:
    """The tenant's account; with `lock`, held until the caller's transaction ends. Raises NotFound."""
    rows = providers(tenant=tenant).filter(key=key)
    found = (rows.select_for_update() if lock else rows).first()
    if found is None:
        raise NotFound("There is no such provider.")
    return found
