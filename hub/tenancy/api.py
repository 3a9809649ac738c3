"""REST: a tenant's API keys and signing keys, and tokens for its users."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.paging import listed
from hub.api.views import ServerView
from hub.audience.models import Subscriber
from hub.audience.services import ensure_subscribers
from hub.conf import conf
from hub.exceptions import Forbidden
from hub.tenancy.keys import allows
from hub.tenancy.models import ApiKey, SigningKey
from hub.tenancy.revocation import revoke_tokens
from hub.tenancy.selectors import get_api_key, get_signing_key
from hub.tenancy.services import (
    create_api_key,
    create_signing_key,
    revoke_api_key,
    revoke_signing_key,
    rotate_api_key,
)
from hub.tenancy.tokens import mint, verify

DEFAULT_TTL = 3600
# seconds for which an old key works on beside the one that takes its place
DEFAULT_OVERLAP, MAX_OVERLAP = 24 * 3600, 30 * 24 * 3600


class ApiKeyList(ServerView):
    """`/api-keys`"""

    resource = "api_keys"
    secrets = ("key",)

    def get(self, request: Request) -> Response:
        return listed(request, ApiKey.objects.filter(tenant=self.caller.tenant), _shown)

    def post(self, request: Request) -> Response:
        fields = body(request)
        name = fields.text("name", required=True, limit=200)
        scopes = fields.texts("scopes", required=True, most=100)
        expires_at = fields.moment("expires_at")
        fields.done()
        _refuse_escalation(self.caller.key, scopes)
        key, text = create_api_key(tenant=self.caller.tenant, name=name, scopes=scopes, expires_at=expires_at)
        return Response(_new(key, text), status=201)


class ApiKeyDetail(ServerView):
    """`/api-keys/{id}`"""

    resource = "api_keys"

    def get(self, request: Request, key_id: UUID) -> Response:
        query(request).done()
        return Response(_shown(get_api_key(tenant=self.caller.tenant, key_id=key_id)))

    def delete(self, request: Request, key_id: UUID) -> Response:
        return Response(_shown(revoke_api_key(tenant=self.caller.tenant, key_id=key_id)))


class ApiKeyRotate(ServerView):
    """`/api-keys/{id}/rotate`"""

    resource = "api_keys"
    secrets = ("key",)

    def post(self, request: Request, key_id: UUID) -> Response:
        fields = body(request)
        overlap = fields.whole("overlap", default=DEFAULT_OVERLAP, low=0, high=MAX_OVERLAP)
        expires_at = fields.moment("expires_at")
        fields.done()
        tenant = self.caller.tenant
        _refuse_escalation(self.caller.key, get_api_key(tenant=tenant, key_id=key_id).scopes)
        key, text = rotate_api_key(
            tenant=tenant, key_id=key_id, overlap=timedelta(seconds=overlap), expires_at=expires_at
        )
        return Response(_new(key, text), status=201)


class SigningKeyList(ServerView):
    """`/signing-keys`"""

    resource = "signing_keys"
    secrets = ("secret",)

    def get(self, request: Request) -> Response:
        return listed(request, SigningKey.objects.filter(tenant=self.caller.tenant), _shown_signing_key)

    def post(self, request: Request) -> Response:
        """A secret is shown when the hub made it, and only now."""
        fields = body(request)
        algorithm = fields.choice("algorithm", SigningKey.Algorithm.values) or SigningKey.Algorithm.HS256
        given = fields.text("key") or None
        jwks_url = fields.text("jwks_url")
        fields.done()
        key = create_signing_key(tenant=self.caller.tenant, algorithm=algorithm, key=given, jwks_url=jwks_url)
        key.refresh_from_db(fields=["created_at"])
        made = algorithm == SigningKey.Algorithm.HS256 and given is None
        return Response(_shown_signing_key(key) | ({"secret": key.key} if made else {}), status=201)


class SigningKeyDetail(ServerView):
    """`/signing-keys/{id}`"""

    resource = "signing_keys"

    def get(self, request: Request, key_id: UUID) -> Response:
        query(request).done()
        return Response(_shown_signing_key(get_signing_key(tenant=self.caller.tenant, key_id=key_id)))

    def delete(self, request: Request, key_id: UUID) -> Response:
        return Response(_shown_signing_key(revoke_signing_key(tenant=self.caller.tenant, key_id=key_id)))


class UserTokens(ServerView):
    """`/user-tokens`"""

    resource = "user_tokens"
    secrets = ("token",)

    def post(self, request: Request) -> Response:
        fields = body(request)
        external_id = fields.text("subscriber", required=True)
        ttl = fields.whole("ttl", default=DEFAULT_TTL, low=1, high=conf.user_token_max_age)
        fields.done()
        tenant = self.caller.tenant
        subscriber_id = ensure_subscribers(tenant=tenant, external_ids=[external_id], field="subscriber")[external_id]
        subscriber = Subscriber(pk=subscriber_id, tenant=tenant, external_id=external_id)
        token = mint(subscriber=subscriber, ttl=timedelta(seconds=ttl))
        return Response({"token": token, "expires_at": verify(token).expires_at}, status=201)


class UserTokensRevoke(ServerView):
    """`/user-tokens/revoke`"""

    resource = "user_tokens"

    def post(self, request: Request) -> Response:
        fields = body(request)
        external_id = fields.text("subscriber", required=True)
        fields.done()
        instant = revoke_tokens(tenant=self.caller.tenant, external_id=external_id)
        return Response({"subscriber": external_id, "tokens_valid_after": instant})


def _refuse_escalation(own: ApiKey, scopes: list[str]) -> None:
    """A key can't get hold of one that may do more than itself."""
    beyond = sorted(scope for scope in scopes if not allows(own, scope))
    if beyond:
        raise Forbidden(f"The API key lacks the scope {beyond[0]}, so it can't give it.")


def _new(key: ApiKey, text: str) -> dict[str, Any]:
    key.refresh_from_db(fields=["created_at"])
    return {**_shown(key), "key": text}


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.pk,
        "name": key.name,
        "prefix": f"hub_{key.prefix}",
        "scopes": key.scopes,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _shown_signing_key(key: SigningKey) -> dict[str, Any]:
    """Its id is the `kid`. A shared secret is never shown again."""
    return {
        "id": key.pk,
        "algorithm": key.algorithm,
        "public_key": None if key.algorithm == SigningKey.Algorithm.HS256 else key.key or None,
        "jwks_url": key.jwks_url or None,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
