"""Tenants, and the keys they hold."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from hub import live
from hub.clock import now
from hub.content.layouts import check_default_layout
from hub.content.values import check_text
from hub.exceptions import Conflict, InvalidRequest, NotFound
from hub.tenancy.branding import checked_branding
from hub.tenancy.hours import checked_hours
from hub.tenancy.keys import SCOPES, generate
from hub.tenancy.models import ApiKey, SigningKey, Tenant
from hub.tenancy.selectors import get_api_key, get_signing_key
from hub.tenancy.signing import checked_signing_key

MAX_NAME = 200
MAX_OFFSET = timedelta(days=366)
MAX_ORIGIN = 255
MAX_ORIGINS = 100
# a token with an unknown kid may wait for each of them
MAX_ISSUERS = 3
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Registration:
    """A new tenant and what its servers need: `api_key` is the text of a key for everything."""

    tenant: Tenant
    api_key: str
    signing_key: SigningKey


def register_tenant(
    *, slug: str, name: str, allowed_origins: Sequence[str] = (), sandbox: bool = False
) -> Registration:
    """A new tenant with its first API key and a signing key. Raises Conflict when the slug is taken."""
    with transaction.atomic():
        tenant = create_tenant(slug=slug, name=name, allowed_origins=allowed_origins, sandbox=sandbox)
        _, text = create_api_key(tenant=tenant, name="first", scopes=["*"])
        return Registration(tenant, text, create_signing_key(tenant=tenant))


def create_tenant(*, slug: str, name: str, allowed_origins: Sequence[str] = (), sandbox: bool = False) -> Tenant:
    """A new tenant. `allowed_origins` are `scheme://host[:port]`. Raises Conflict when the slug is taken."""
    check_slug(slug)
    fields = {"name": _checked_name(name), "allowed_origins": checked_origins(allowed_origins)}
    try:
        with transaction.atomic():
            return Tenant.objects.create(slug=slug, sandbox=sandbox, **fields)
    except IntegrityError as error:
        raise Conflict(f"There is already a tenant {slug}.") from error


class Changes(TypedDict, total=False):
    """What can be changed of a tenant."""

    name: str
    allowed_origins: Sequence[str]
    sandbox: bool
    consent_required: bool
    sms_hours: Mapping[str, Any] | None
    branding: Mapping[str, Any] | None
    email_layout: str
    read_on: str


def change_tenant(*, tenant: Tenant, **changes: Unpack[Changes]) -> None:
    """Change what is given. Raises InvalidRequest naming what is wrong."""
    checks: dict[str, Callable[[Any], Any]] = {
        "name": _checked_name,
        "allowed_origins": checked_origins,
        "sandbox": partial(checked_sandbox, tenant),
        "sms_hours": checked_hours,
        "branding": checked_branding,
        "email_layout": lambda key: check_default_layout(tenant=tenant, key=key),
    }
    checked = {name: checks[name](value) if name in checks else value for name, value in changes.items()}
    if checked:
        Tenant.objects.filter(pk=tenant.pk).update(**checked)


def set_clock(*, tenant: Tenant, offset: timedelta) -> None:
    """Put a sandbox's clock so far ahead of real time; zero puts it right. Raises Conflict for any other tenant."""
    if not Tenant.objects.filter(pk=tenant.pk, sandbox=True).update(clock_offset=offset):
        raise Conflict("Only a sandbox has a clock of its own.")


def suspend_tenant(*, tenant: Tenant) -> None:
    """Refuse the tenant's servers and users with 403, and hold its deliveries back, until it is resumed."""
    with transaction.atomic():
        Tenant.objects.filter(pk=tenant.pk).update(status=Tenant.Status.SUSPENDED)
        transaction.on_commit(partial(live.recheck, tenant=tenant.pk), robust=True)


def resume_tenant(*, tenant: Tenant) -> None:
    """End a suspension."""
    Tenant.objects.filter(pk=tenant.pk).update(status=Tenant.Status.ACTIVE)


def create_api_key(
    *, tenant: Tenant, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key and its text, which can't be had again."""
    unknown = sorted(set(scopes) - SCOPES)
    if unknown or not scopes:
        raise InvalidRequest.on("scopes", f"Unknown: {', '.join(unknown)}." if unknown else "Name at least one scope.")
    if expires_at is not None and expires_at <= now():
        raise InvalidRequest.on("expires_at", "This is in the past.")
    new = generate()
    key = ApiKey.objects.create(
        tenant=tenant,
        name=_checked_name(name),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        prefix=new.prefix,
        digest=new.digest,
    )
    return key, new.text


def rotate_api_key(
    *, tenant: Tenant, key_id: UUID, overlap: timedelta, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A key of the same name and scopes in place of another, which ends after `overlap`; both work until then.

    The new one ends at `expires_at`, or when the old one would have. Raises NotFound, and Conflict for a key that has
    ended already.
    """
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().filter(tenant=tenant, pk=key_id).first()
        if old is None:
            raise NotFound("There is no such API key.")
        present = now()
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= present):
            raise Conflict("This key is revoked or has expired: make a new one.")
        new = create_api_key(tenant=tenant, name=old.name, scopes=old.scopes, expires_at=expires_at or old.expires_at)
        end = present + overlap
        old.expires_at = end if old.expires_at is None else min(end, old.expires_at)
        old.save(update_fields=["expires_at"])
        return new


def revoke_api_key(*, tenant: Tenant, key_id: UUID) -> ApiKey:
    """Revoke a key now and for good; revoking twice changes nothing."""
    ApiKey.objects.filter(tenant=tenant, pk=key_id, revoked_at__isnull=True).update(revoked_at=Now())
    return get_api_key(tenant=tenant, key_id=key_id)


def create_signing_key(
    *, tenant: Tenant, algorithm: str = SigningKey.Algorithm.HS256, key: str | None = None, jwks_url: str = ""
) -> SigningKey:
    """A key for user tokens: the shared secret (made when None) for HS256, else the public key in PEM.

    Or, with `jwks_url`, the RS256 or ES256 keys that an issuer publishes there.
    """
    checked = checked_signing_key(algorithm=algorithm, key=key, jwks_url=jwks_url)
    if jwks_url and _issuers(tenant) >= MAX_ISSUERS:
        raise Conflict(f"A tenant has at most {MAX_ISSUERS} issuers in use: revoke one.")
    return SigningKey.objects.create(tenant=tenant, algorithm=algorithm, key=checked, jwks_url=jwks_url)


def revoke_signing_key(*, tenant: Tenant, key_id: UUID) -> SigningKey:
    """Refuse every token that was signed with the key, now and for good, and close the sockets that these opened."""
    with transaction.atomic():
        SigningKey.objects.filter(tenant=tenant, pk=key_id, revoked_at__isnull=True).update(revoked_at=Now())
        transaction.on_commit(partial(live.recheck, tenant=tenant.pk), robust=True)
    return get_signing_key(tenant=tenant, key_id=key_id)


def _issuers(tenant: Tenant) -> int:
    return SigningKey.objects.filter(tenant=tenant, revoked_at__isnull=True).exclude(jwks_url="").count()


def check_slug(slug: str) -> str:
    """`slug`, if it may be a tenant's."""
    if not _SLUG.fullmatch(slug):
        raise InvalidRequest.on("slug", "Use 1 to 50 lower-case letters, digits and hyphens.")
    return slug


def _checked_name(name: str) -> str:
    if not check_text(name, field="name", limit=MAX_NAME).strip():
        raise InvalidRequest.on("name", "Is required.", "required")
    return name


def checked_origins(origins: Sequence[str]) -> list[str]:
    """`origins` without repeats, in lower case as browsers send them. Raises InvalidRequest."""
    if len(origins) > MAX_ORIGINS:
        raise InvalidRequest.on("allowed_origins", f"At most {MAX_ORIGINS} of them.", "too_long")
    return list(dict.fromkeys(_checked_origin(origin) for origin in origins))


def checked_sandbox(tenant: Tenant, sandbox: bool) -> bool:
    """`sandbox`, if the tenant may become that: one whose clock is ahead stays a sandbox."""
    if not sandbox and tenant.clock_offset:
        raise InvalidRequest.on("sandbox", "The clock of this sandbox is ahead: put it right first.")
    return sandbox


def _checked_origin(origin: str) -> str:
    check_text(origin, field="allowed_origins", limit=MAX_ORIGIN)
    origin = origin.lower()
    try:
        parts = urlsplit(origin)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named or parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}":
        raise InvalidRequest.on("allowed_origins", f"{origin!r} is not scheme://host[:port].")
    if "@" in parts.netloc or not origin.isascii() or " " in origin:
        raise InvalidRequest.on("allowed_origins", f"{origin!r} is not what a browser sends as an Origin.")
    return origin
