"""The host project's own users as subscribers of the tenant that `HUB["tenant"]` names.

A user becomes a subscriber on first use: as a recipient, or when their own session asks for their inbox. With
`HUB["sync_users"]` every saved user does at once, so that topics, filters and `all` know them before.
"""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from hub.audience.addresses import normal_email
from hub.audience.models import Subscriber
from hub.audience.services import upsert_subscriber
from hub.conf import conf
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant
from hub.tenancy.own import own_tenant


def external_id_of(user: AbstractBaseUser) -> str:
    """What the tenant calls this user: the field that `HUB["user_id"]` names."""
    return str(getattr(user, conf.user_id))


def profile_of(user: AbstractBaseUser) -> dict[str, Any]:
    """Name and email, as a subscriber's. Django checks neither on save: an address that is none is left out, since it must
    not undo the business change that tells somebody of it."""
    full_name = getattr(user, "get_full_name", user.get_username)()
    email = getattr(user, user.get_email_field_name(), "") or ""
    try:
        email = normal_email(email) if email else ""
    except InvalidRequest:
        email = ""
    return {"name": (full_name or user.get_username())[:200], "email": email}


def as_recipients(tenant: Tenant, entries: Sequence[Any]) -> list[Any]:
    """`entries` of `to`, each Django user among them as the subscriber that they are or will be. Reads once, writes nothing:
    a plain id for whom the hub knows already, else with name and email."""
    users = [entry for entry in entries if isinstance(entry, AbstractBaseUser)]
    if not users:
        return list(entries)
    known = _known(tenant, users)
    return [_recipient(entry, known) if isinstance(entry, AbstractBaseUser) else entry for entry in entries]


def _known(tenant: Tenant, users: Collection[AbstractBaseUser]) -> dict[Any, Subscriber]:
    """Subscribers by the user they are linked to, and by their external id."""
    theirs = Q(user__in=[user.pk for user in users]) | Q(external_id__in=[external_id_of(user) for user in users])
    found = Subscriber.objects.filter(theirs, tenant=tenant).only("external_id", "user_id", "name", "email", "bare")
    by_id: dict[Any, Subscriber] = {one.external_id: one for one in found}
    return by_id | {("user", one.user_id): one for one in found if one.user_id is not None}


def _recipient(user: AbstractBaseUser, known: dict[Any, Subscriber]) -> Any:
    if user.pk is None:
        raise InvalidRequest.on("to", "a user has to be saved first")
    profile = profile_of(user)
    found = known.get(("user", user.pk)) or known.get(external_id_of(user))
    if found is None:
        return {"id": external_id_of(user), **profile}
    same = (found.name, found.email, found.bare) == (profile["name"], profile["email"], False)
    return found.external_id if same else {"id": found.external_id, **profile}


def subscriber_of_user(user: AbstractBaseUser, tenant_slug: str | None = None) -> Subscriber | None:
    """Who a Django user is; made where the host's tenant is meant. Raises InvalidRequest when that depends on the tenant and
    none is named."""
    linked = Subscriber.objects.select_related("tenant").filter(user_id=user.pk)
    if tenant_slug is not None:
        linked = linked.filter(tenant__slug=tenant_slug)
    found = list(linked[:2])
    if len(found) > 1:
        raise InvalidRequest.on("tenant", "You have an inbox with several tenants: say which.", "required")
    if found:
        return found[0]
    return link(user) if conf.tenant and tenant_slug in (None, conf.tenant) else None


def link(user: AbstractBaseUser) -> Subscriber | None:
    """The user's subscriber in the host's tenant, made or changed; None if it is somebody else's already."""
    tenant, external_id = own_tenant(), external_id_of(user)
    taken = Subscriber.objects.filter(tenant=tenant, external_id=external_id, user__isnull=False)
    if taken.exclude(user_id=user.pk).exists():
        return None
    subscriber = upsert_subscriber(tenant=tenant, external_id=external_id, user=user, **profile_of(user))
    subscriber.tenant = tenant
    return subscriber


def user_saved(*, instance: AbstractBaseUser, raw: bool, update_fields: Collection[str] | None, **_: object) -> None:
    """Django's post_save of the user model: after commit the subscriber has the user's name and email."""
    login_only = update_fields is not None and set(update_fields) <= {"last_login", "password"}
    if conf.tenant and not raw and not login_only:
        # Robust: a user is saved whatever becomes of the subscriber.
        transaction.on_commit(partial(_follow, instance), robust=True)


def _follow(user: AbstractBaseUser) -> None:
    linked = Subscriber.objects.filter(tenant__slug=conf.tenant, user_id=user.pk)
    if not linked.update(**profile_of(user)) and conf.sync_users:
        link(user)
