"""API keys: `hub_<8 hex digits>_<256 random bits>`, shown once, kept as a SHA-256 digest, found by their prefix."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from hmac import compare_digest

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from hub.exceptions import Forbidden
from hub.rows import columns, instances
from hub.tenancy.errors import Refused
from hub.tenancy.models import ApiKey, Tenant

PREFIX = "hub_"
RESOURCES = (
    *("notifications", "subscribers", "event_types", "templates", "topics", "deliveries", "suppressions"),
    *("tenant", "api_keys", "signing_keys", "user_tokens", "webhooks", "providers"),
)
SCOPES = frozenset(
    ["*", *(f"{resource}:{action}" for resource in RESOURCES for action in ("read", "write", "*"))],
)
_SHAPE = re.compile(r"hub_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
_USED_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is handed out: `text` is the secret, the rest is what is kept."""

    text: str
    prefix: str
    digest: str


def generate() -> NewKey:
    """A new key from 256 random bits; nothing slow is needed to keep such a secret, a plain digest is enough."""
    prefix = secrets.token_hex(4)
    text = f"{PREFIX}{prefix}_{secrets.token_urlsafe(32)}"
    return NewKey(text=text, prefix=prefix, digest=digest(text))


def digest(text: str) -> str:
    """The SHA-256 of a key, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def verify(text: str) -> ApiKey:
    """The key that `text` is, with its tenant, in one query. Raises Refused; Forbidden when the tenant is suspended."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise Refused("api_key_malformed", "The API key is malformed.")
    found = _find(match[1])
    if found is None or not compare_digest(found.key.digest, digest(text)):
        raise Refused("api_key_unknown", "There is no such API key.")
    if found.key.revoked_at is not None:
        raise Refused("api_key_revoked", "The API key is revoked.")
    if found.expired:
        raise Refused("api_key_expired", "The API key has expired.")
    if found.key.tenant.status == Tenant.Status.SUSPENDED:
        raise Forbidden("The tenant is suspended.")
    if found.stale:
        _note_use(found.key)
    return found.key


def allows(key: ApiKey, scope: str) -> bool:
    """Whether the key's scopes cover `scope`, such as `notifications:write`."""
    resource = scope.partition(":")[0]
    return not {"*", scope, f"{resource}:*"}.isdisjoint(key.scopes)


@dataclass(frozen=True, slots=True)
class _Found:
    """A key, and what the database's clock says of it; `stale`: its last use was noted a while ago."""

    key: ApiKey
    expired: bool
    stale: bool


def _find(prefix: str) -> _Found | None:
    """The key with its tenant."""
    with connection.cursor() as cursor:
        cursor.execute(_look_up(), [_USED_RESOLUTION.total_seconds(), prefix])
        row = cursor.fetchone()
    if row is None:
        return None
    expired, stale, *values = row
    key, key.tenant = instances([ApiKey, Tenant], values)
    return _Found(key, expired, stale)


@cache
def _look_up() -> str:
    return f"""
        SELECT coalesce(k.expires_at <= now(), false), coalesce(k.last_used_at < now() - %s * interval '1 second', true),
            {columns(ApiKey, "k")}, {columns(Tenant, "t")}
        FROM hub_apikey k JOIN hub_tenant t ON t.id = k.tenant_id WHERE k.prefix = %s
    """  # noqa: S608  names of our own columns


def _note_use(key: ApiKey) -> None:
    """Keep `last_used_at` to the minute: one guarded UPDATE a minute and key, however busy it is."""
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - _USED_RESOLUTION)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=Now())
