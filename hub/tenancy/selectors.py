"""Reads of tenants and their keys."""

from uuid import UUID

from hub.exceptions import NotFound
from hub.tenancy.models import ApiKey, SigningKey, Tenant


def get_tenant(*, slug: str) -> Tenant:
    """The tenant of that slug. Raises NotFound."""
    found = Tenant.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such tenant.")
    return found


def get_api_key(*, tenant: Tenant, key_id: UUID) -> ApiKey:
    """The tenant's key. Raises NotFound."""
    found = ApiKey.objects.filter(tenant=tenant, pk=key_id).first()
    if found is None:
        raise NotFound("There is no such API key.")
    return found


def get_signing_key(*, tenant: Tenant, key_id: UUID) -> SigningKey:
    """The tenant's signing key. Raises NotFound."""
    found = SigningKey.objects.filter(tenant=tenant, pk=key_id).first()
    if found is None:
        raise NotFound("There is no such signing key.")
    return found
