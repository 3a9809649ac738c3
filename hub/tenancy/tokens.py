"""User tokens: a short JWT that the tenant's backend signs. `kid` chooses the key, and the key pins the algorithm."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from django.db import connection
from django.utils import timezone
from jwt.exceptions import InvalidSubjectError

from hub.audience.models import Subscriber
from hub.audience.services import check_external_id, ensure_subscribers
from hub.conf import conf
from hub.content.values import storable
from hub.exceptions import Forbidden, InvalidRequest
from hub.ids import parse_uuid
from hub.rows import columns, instances
from hub.tenancy.errors import Refused
from hub.tenancy.jwks import find_key
from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.services import create_signing_key
from hub.tenancy.signing import verifier

AUDIENCE = "hub"
LEEWAY = 10  # seconds by which two clocks may differ
_MAX_LENGTH = 8 * 1024
_UNPARSABLE = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class UserToken:
    """Who a valid token speaks for, and until when. `issued_at`: its `iat`, in unix seconds; `key_id`: who signed it."""

    subscriber: Subscriber
    tenant: Tenant
    expires_at: datetime
    issued_at: float
    key_id: UUID


def mint(*, subscriber: Subscriber, ttl: timedelta, signing_key: SigningKey | None = None) -> str:
    """A token for `subscriber`, signed with the tenant's newest HS256 key; the first one makes that key."""
    if not timedelta(0) < ttl <= timedelta(seconds=conf.user_token_max_age):
        raise InvalidRequest.on("ttl", f"Use 1 to {conf.user_token_max_age} seconds.")
    key = signing_key or _own_key(subscriber.tenant)
    now = timezone.now()
    claims = {
        "sub": subscriber.external_id,
        "tenant": subscriber.tenant.slug,
        "aud": AUDIENCE,
        # with its fraction: `tokens_valid_after` may fall into the same second
        "iat": now.timestamp(),
        "exp": int((now + ttl).timestamp()),
    }
    return jwt.encode(claims, key.key, algorithm=key.algorithm, headers={"kid": str(key.pk)})


def verify(token: str) -> UserToken:
    """Who `token` speaks for; an unknown `sub` is made. Raises Refused; Forbidden when the tenant is suspended.

    It may wait for the issuer of a JWKS, so it is not for transactions; IssuerUnreachable when that issuer is away.
    """
    held = _holder(_unverified(token))
    claims = _decode(token, held)
    _check_life(claims)
    _check_tenant(claims, held.tenant)
    subscriber = held.subscriber or _new_subscriber(held.tenant, claims["sub"])
    valid_after = subscriber.tokens_valid_after
    if valid_after is not None and claims["iat"] < valid_after.timestamp():
        raise Refused("token_revoked", "The token was issued before the subscriber's tokens were revoked.")
    return UserToken(subscriber, held.tenant, datetime.fromtimestamp(claims["exp"], UTC), claims["iat"], held.key_id)


@dataclass(frozen=True, slots=True)
class _Unverified:
    """What a token says of itself. It chooses what to verify the token with, and proves nothing."""

    kid: str
    tenant: str
    sub: str


@dataclass(frozen=True, slots=True)
class _Holder:
    """What a token is verified with, and whose it would then be."""

    key_id: UUID
    key: Any
    algorithm: str
    tenant: Tenant
    subscriber: Subscriber | None


def _own_key(tenant: Tenant) -> SigningKey:
    usable = SigningKey.objects.filter(
        tenant=tenant, algorithm=SigningKey.Algorithm.HS256, revoked_at__isnull=True
    ).order_by("-id")
    return usable.first() or create_signing_key(tenant=tenant)


def _unverified(token: str) -> _Unverified:
    if len(token) > _MAX_LENGTH:
        raise Refused("token_malformed", "The token is too long.")
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except _UNPARSABLE as error:
        raise Refused("token_malformed", "This is not a JWT.") from error
    kid, tenant, sub = parts["header"].get("kid"), parts["payload"].get("tenant"), parts["payload"].get("sub")
    return _Unverified(*(value if isinstance(value, str) and storable(value) else "" for value in (kid, tenant, sub)))


def _holder(said: _Unverified) -> _Holder:
    """By a key of ours that `kid` names, else by one that an issuer of the named tenant publishes."""
    key_id = parse_uuid(said.kid)
    ours = _find("k.id = %s AND k.jwks_url = ''", key_id, said.sub) if key_id else []
    if ours:
        signing_key, tenant, subscriber = ours[0]
        key = verifier(signing_key.algorithm, signing_key.key)
        return _Holder(signing_key.pk, key, signing_key.algorithm, tenant, subscriber)
    issuers = _find("t.slug = %s AND k.jwks_url <> ''", said.tenant, said.sub) if said.kid else []
    published = find_key([signing_key for signing_key, *_ in issuers], said.kid)
    if published is None:
        raise Refused("token_key_unknown", "The token's kid names no signing key in use.")
    signing_key, key = published
    _, tenant, subscriber = issuers[0]
    return _Holder(signing_key.pk, key, signing_key.algorithm, tenant, subscriber)


def _find(chosen_by: str, value: UUID | str, sub: str) -> list[tuple[SigningKey, Tenant, Subscriber | None]]:
    """Signing keys in use, each with its tenant and the tenant's subscriber `sub`, in one query; newest first."""
    statement = f"""
        SELECT {columns(SigningKey, "k")}, {columns(Tenant, "t")}, {columns(Subscriber, "s")}
        FROM hub_signingkey k JOIN hub_tenant t ON t.id = k.tenant_id
        LEFT JOIN hub_subscriber s ON s.tenant_id = t.id AND s.external_id = %s
        WHERE {chosen_by} AND k.revoked_at IS NULL ORDER BY k.id DESC
    """  # noqa: S608  names of our own columns
    with connection.cursor() as cursor:
        cursor.execute(statement, [sub, value])
        found = [instances([SigningKey, Tenant, Subscriber], row) for row in cursor.fetchall()]
    for _, tenant, subscriber in found:
        if subscriber is not None:
            subscriber.tenant = tenant
    return [(signing_key, tenant, subscriber) for signing_key, tenant, subscriber in found]


def _decode(token: str, held: _Holder) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            held.key,
            algorithms=[held.algorithm],
            audience=AUDIENCE,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub", "aud"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise Refused("token_expired", "The token has expired.") from error
    except jwt.InvalidAudienceError as error:
        raise Refused("token_audience", f"The token's aud is not {AUDIENCE!r}.") from error
    except (jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError) as error:
        raise Refused("token_not_yet_valid", "The token is from the future.") from error
    except (jwt.MissingRequiredClaimError, InvalidSubjectError) as error:
        raise Refused("token_claims", f"The token's claims are not right: {error}.") from error
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
        raise Refused("token_signature", "The token is not signed with its key.") from error
    except _UNPARSABLE as error:
        raise Refused("token_malformed", "The token can't be read.") from error
    return claims


def _check_life(claims: dict[str, Any]) -> None:
    if not all(isinstance(claims[name], int | float) and not isinstance(claims[name], bool) for name in ("iat", "exp")):
        raise Refused("token_claims", "iat and exp must be numbers.")
    longest = conf.user_token_max_age + LEEWAY
    begin = max(claims["iat"], timezone.now().timestamp() - LEEWAY)
    if claims["exp"] - begin > longest or claims["exp"] - claims["iat"] > longest:
        raise Refused("token_too_long_lived", f"A token may live {conf.user_token_max_age} seconds at most.")


def _check_tenant(claims: dict[str, Any], tenant: Tenant) -> None:
    if claims.get("tenant") != tenant.slug:
        raise Refused("token_tenant", "The token names another tenant than its key belongs to.")
    if tenant.status == Tenant.Status.SUSPENDED:
        raise Forbidden("The tenant is suspended.")


def _new_subscriber(tenant: Tenant, external_id: str) -> Subscriber:
    try:
        check_external_id(external_id, field="sub")
    except InvalidRequest as error:
        raise Refused("token_claims", error.message) from error
    made = ensure_subscribers(tenant=tenant, external_ids=[external_id])
    subscriber = Subscriber.objects.get(pk=made[external_id])
    subscriber.tenant = tenant
    return subscriber
