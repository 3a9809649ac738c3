"""The tenant that a host project is itself, by `HUB["tenant"]`: the one meant where none is named."""

from typing import Any

from django.apps import apps as installed

from hub.conf import conf
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant


def own_tenant() -> Tenant:
    """Raises InvalidRequest when the setting names none, or one that is not there yet."""
    if not conf.tenant:
        raise InvalidRequest.on("tenant", "name one, or set HUB['tenant']", "required")
    found = Tenant.objects.filter(slug=conf.tenant).first()
    if found is None:
        raise InvalidRequest.on(
            "tenant", f"there is no tenant {conf.tenant!r}: `manage.py migrate` makes it", "not_found"
        )
    return found


def make_own_tenant(*, using: str, apps: Any = installed, **_: object) -> None:
    """What `migrate` does last: the tenant that the setting names is there. `apps`: the models as they are migrated."""
    try:
        tenants = apps.get_model("hub", "Tenant").objects.using(using)
    except LookupError:
        return  # only other apps were migrated
    if conf.tenant:
        tenants.get_or_create(slug=conf.tenant, defaults={"name": conf.tenant})
