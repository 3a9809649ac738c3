"""Who is asking: a server with an API key, a user with a token or a Django session, or whoever runs the hub."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from hub.audience.models import Subscriber
from hub.audience.users import subscriber_of_user
from hub.conf import conf
from hub.exceptions import Forbidden
from hub.tenancy import keys, tokens
from hub.tenancy.errors import Refused
from hub.tenancy.models import ApiKey, Tenant

TENANT_HEADER = "X-Hub-Tenant"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that holds an API key."""

    tenant: Tenant
    key: ApiKey

    @property
    def tenant_id(self) -> UUID:
        """Whose record it works on."""
        return self.tenant.pk

    @property
    def name(self) -> str:
        """What it is called in the record."""
        return f"key:{self.key.prefix}"

    def need(self, scope: str) -> None:
        """Raises Forbidden when the key's scopes don't cover `scope`, such as `notifications:write`."""
        if not keys.allows(self.key, scope):
            raise Forbidden(f"The API key lacks the scope {scope}.")


@dataclass(frozen=True, slots=True)
class User:
    """A subscriber. `expires_at` is None for a session."""

    tenant: Tenant
    subscriber: Subscriber
    expires_at: datetime | None = None

    @property
    def tenant_id(self) -> UUID:
        """Whose record it is about."""
        return self.tenant.pk

    @property
    def subscriber_id(self) -> UUID:
        """Whose inbox it is."""
        return self.subscriber.pk

    @property
    def name(self) -> str:
        """What they are called in the record."""
        return f"subscriber:{self.subscriber.pk}"


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the hub: registers and suspends tenants, and belongs to none."""

    name: str = "operator"
    tenant_id: None = None


Caller = Server | User | Operator


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer hub_…`, or `X-API-Key`."""

    def authenticate(self, request: Request) -> tuple[Server, None]:
        text = request.headers.get("X-API-Key") or bearer(request)
        if not text:
            raise Refused("unauthorised", "Send an API key: Authorization: Bearer hub_…")
        key = keys.verify(text)
        return Server(key.tenant, key), None


class OperatorAuthentication(BaseAuthentication):
    """`Authorization: Bearer <the operator's token>`. An API key is left to the next class."""

    def authenticate(self, request: Request) -> tuple[Operator, None] | None:
        text = bearer(request)
        if text.startswith(keys.PREFIX) or "X-API-Key" in request.headers:
            return None
        if not text:
            raise Refused("unauthorised", "Send the operator's token or an API key: Authorization: Bearer …")
        if not conf.operator_token or not compare_digest(text.encode(), conf.operator_token.encode()):
            raise Refused("operator_token_unknown", "This is not the operator's token.")
        return Operator(), None


class OpenRegistration(BaseAuthentication):
    """Anybody may register a tenant where `open_registration` says so: in the demo."""

    def authenticate(self, request: Request) -> tuple[Operator, None] | None:
        return (Operator("anybody"), None) if conf.open_registration and request.method == "POST" else None


class UserAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`, else the Django session of a user who is linked to a subscriber."""

    def authenticate(self, request: Request) -> tuple[User, None]:
        token = bearer(request)
        if not token:
            return _from_session(request._request), None
        if token.startswith(keys.PREFIX):
            raise Refused("token_malformed", "This takes a user's token, not an API key.")
        known = tokens.verify(token)
        return User(known.tenant, known.subscriber, known.expires_at), None


def holds_api_key(request: HttpRequest) -> bool:
    """Whether the caller sent an API key, good or not."""
    return "X-API-Key" in request.headers or bearer(request).startswith(keys.PREFIX)


def bearer(request: Request | HttpRequest) -> str:
    """The credential of the Authorization header, or nothing."""
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def _from_session(request: HttpRequest) -> User:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_active:
        raise Refused("unauthorised", "Send a user's token: Authorization: Bearer …")
    _check_csrf(request)
    slug = request.headers.get(TENANT_HEADER) or None
    subscriber = subscriber_of_user(user, slug)
    if subscriber is None:
        raise Forbidden("This user has no inbox here.")
    if subscriber.tenant.status == Tenant.Status.SUSPENDED:
        raise Forbidden("The tenant is suspended.")
    return User(subscriber.tenant, subscriber)


class _Csrf(CsrfViewMiddleware):
    """Gives the reason back instead of an error page."""

    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def _check_csrf(request: HttpRequest) -> None:
    """A session comes along by itself, so a write has to prove that our own page sent it."""
    check = _Csrf(lambda _: None)  # type: ignore[arg-type]
    check.process_request(request)
    reason = check.process_view(request, HttpResponse, (), {})
    if reason:
        raise Forbidden(f"CSRF: {reason}")
