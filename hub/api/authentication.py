"""Who is asking: a server with an API key, or a user with a token or a Django session."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from hub.audience.models import Subscriber
from hub.audience.services import subscriber_of_user
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
    def name(self) -> str:
        """What it is called in the record."""
        return f"key:{self.key.prefix}"


@dataclass(frozen=True, slots=True)
class User:
    """A subscriber. `expires_at` is None for a session."""

    tenant: Tenant
    subscriber: Subscriber
    expires_at: datetime | None = None

    @property
    def subscriber_id(self) -> UUID:
        """Whose inbox it is."""
        return self.subscriber.pk

    @property
    def name(self) -> str:
        """What they are called in the record."""
        return f"subscriber:{self.subscriber.pk}"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer hub_…`, or `X-API-Key`."""

    def authenticate(self, request: Request) -> tuple[Server, None]:
        text = request.headers.get("X-API-Key") or bearer(request)
        if not text:
            raise Refused("unauthorised", "Send an API key: Authorization: Bearer hub_…")
        key = keys.verify(text)
        return Server(key.tenant, key), None


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


def bearer(request: Request) -> str:
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
