"""Tenants, and the keys they hold."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from hub.clock import now
from hub.exceptions import Conflict, InvalidRequest, NotFound
from hub.tenancy.keys import SCOPES, generate
from hub.tenancy.models import ApiKey, SigningKey, Tenant

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?")
_HS256_MIN_BYTES = 32
_RSA_MIN_BITS = 2048


def create_tenant(*, slug: str, name: str, allowed_origins: Sequence[str] = ()) -> Tenant:
    """A new tenant. `allowed_origins` are `scheme://host[:port]`. Raises Conflict when the slug is taken."""
    if not _SLUG.fullmatch(slug):
        raise InvalidRequest.on("slug", "Use 1 to 50 lower-case letters, digits and hyphens.")
    for origin in allowed_origins:
        _check_origin(origin)
    try:
        with transaction.atomic():
            return Tenant.objects.create(slug=slug, name=name, allowed_origins=list(allowed_origins))
    except IntegrityError as error:
        raise Conflict(f"There is already a tenant {slug}.") from error


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
        name=name,
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        prefix=new.prefix,
        digest=new.digest,
    )
    return key, new.text


def revoke_api_key(*, tenant: Tenant, key_id: UUID) -> ApiKey:
    """Revoke a key now and for good; revoking twice changes nothing."""
    ApiKey.objects.filter(tenant=tenant, pk=key_id, revoked_at__isnull=True).update(revoked_at=Now())
    key = ApiKey.objects.filter(tenant=tenant, pk=key_id).first()
    if key is None:
        raise NotFound("There is no such API key.")
    return key


def create_signing_key(
    *, tenant: Tenant, algorithm: str = SigningKey.Algorithm.HS256, key: str | None = None
) -> SigningKey:
    """A key for user tokens: the shared secret (made when None) for HS256, else the public key in PEM."""
    checked = checked_signing_key(algorithm=algorithm, key=key)
    return SigningKey.objects.create(tenant=tenant, algorithm=algorithm, key=checked)


def checked_signing_key(*, algorithm: str, key: str | None) -> str:
    """The key that `create_signing_key` would keep. Raises InvalidRequest when it does not fit the algorithm."""
    if algorithm not in SigningKey.Algorithm.values:
        raise InvalidRequest.on("algorithm", f"Use one of {', '.join(SigningKey.Algorithm.values)}.")
    if algorithm == SigningKey.Algorithm.HS256:
        key = secrets.token_urlsafe(48) if key is None else key
        _check_secret(key)
        return key
    _check_public_key(algorithm, key or "")
    return key or ""


def _check_secret(key: str) -> None:
    if len(key.encode()) < _HS256_MIN_BYTES:
        raise InvalidRequest.on("key", f"A secret needs at least {_HS256_MIN_BYTES} bytes.")


def _check_public_key(algorithm: str, pem: str) -> None:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidRequest.on("key", "This is not a public key in PEM.") from error
    if algorithm == SigningKey.Algorithm.RS256:
        fits = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_MIN_BITS
    else:
        fits = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    if not fits:
        raise InvalidRequest.on("key", "RS256 needs an RSA key of 2,048 bits or more, ES256 a key on curve P-256.")


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}" or not parts.hostname:
        raise InvalidRequest.on("allowed_origins", f"{origin!r} is not scheme://host[:port].")
