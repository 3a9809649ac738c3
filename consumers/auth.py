"""Who is asking: the token of the first frame, or a session cookie from a page that is let in. Runs in threads."""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, parse_cookie

from consumers.frames import Close
from hub.audience.models import Subscriber
from hub.audience.users import subscriber_of_user
from hub.exceptions import Forbidden, InvalidRequest, Unauthorised
from hub.tenancy import tokens
from hub.tenancy.models import Tenant
from hub.tenancy.revocation import Credential, Standing

Scope = dict[str, Any]
# what a refused token closes with, if not 4501: an expired one is replaced, so the client comes back
CLOSES = {"token_expired": Close.TOKEN_EXPIRED, "token_revoked": Close.REVOKED}


class Refused(Exception):
    """This socket is not let in, or not let stay."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose socket it is, by which credential.

    `tenant`: its slug; `name`: the tenant's own id for them; `issued_at`: when the credential came to be, in unix
    seconds (a session cookie: when it was shown); `expires_at`: None for a session cookie.
    """

    credential: Credential
    tenant_id: UUID
    tenant: str
    name: str
    issued_at: float
    expires_at: datetime | None

    @property
    def subscriber_id(self) -> UUID:
        return self.credential.subscriber_id


def identify(scope: Scope, token: str | None, tenant: str | None) -> Identity:
    """Raises Refused. `tenant`: the slug that a user of several tenants has to say."""
    return by_token(scope, token) if token else _by_session(scope, tenant)


def by_token(scope: Scope, token: str) -> Identity:
    """Raises Refused. A page that is listed nowhere gets in unless the tenant keeps a list; no Origin: no browser."""
    try:
        found = tokens.verify(token)
    except Unauthorised as error:
        raise Refused(CLOSES.get(error.code, Close.UNAUTHORISED), error.message) from error
    except Forbidden as error:
        raise Refused(Close.FORBIDDEN, error.message) from error
    origin = _header(scope, b"origin")
    if origin is not None and found.tenant.allowed_origins and not _welcome(scope, origin, found.tenant):
        raise Refused(Close.FORBIDDEN, "this origin is not allowed")
    credential = Credential(found.subscriber.pk, key_id=found.key_id)
    return _identity(credential, found.subscriber, found.tenant, found.issued_at, found.expires_at)


def refusal(identity: Identity, standing: Standing) -> Refused | None:
    """Why somebody who was let in may not stay, if so."""
    if standing.suspended:
        return Refused(Close.FORBIDDEN, "the tenant is suspended")
    valid_after = standing.valid_after
    if not standing.holds or (valid_after is not None and identity.issued_at < valid_after.timestamp()):
        return Refused(Close.REVOKED, "the credentials are revoked")
    return None


def _by_session(scope: Scope, tenant: str | None) -> Identity:
    """A browser sends the cookie whatever page asks for it, so the page must be ours or listed."""
    origin = _header(scope, b"origin")
    if origin is None:
        raise Refused(Close.FORBIDDEN, "a session needs an Origin")
    subscriber = _subscriber(scope, tenant)
    if not _welcome(scope, origin, subscriber.tenant):
        raise Refused(Close.FORBIDDEN, "this origin is not allowed")
    if subscriber.tenant.status == Tenant.Status.SUSPENDED:
        raise Refused(Close.FORBIDDEN, "the tenant is suspended")
    credential = Credential(subscriber.pk, user_id=str(subscriber.user_id))
    return _identity(credential, subscriber, subscriber.tenant, datetime.now(UTC).timestamp(), None)


def _identity(
    credential: Credential, subscriber: Subscriber, tenant: Tenant, issued_at: float, expires_at: datetime | None
) -> Identity:
    return Identity(credential, tenant.pk, tenant.slug, subscriber.external_id, issued_at, expires_at)


def _subscriber(scope: Scope, tenant: str | None) -> Subscriber:
    user = _user(scope)
    if not user.is_authenticated:
        raise Refused(Close.UNAUTHORISED, "no token and no session")
    try:
        subscriber = subscriber_of_user(user, tenant)
    except InvalidRequest as error:
        raise Refused(Close.UNAUTHORISED, error.message) from error
    if subscriber is None:
        raise Refused(Close.UNAUTHORISED, "this user has no inbox here")
    return subscriber


def _user(scope: Scope) -> AbstractBaseUser | AnonymousUser:
    """The user whom Channels' AuthMiddleware found, where it is used; else of Django's session cookie."""
    if "user" in scope:
        user: AbstractBaseUser | AnonymousUser = scope["user"]
        return user
    cookies = parse_cookie(_header(scope, b"cookie") or "")
    request = HttpRequest()
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(cookies.get(settings.SESSION_COOKIE_NAME))
    return get_user(request)


def _welcome(scope: Scope, origin: str, tenant: Tenant) -> bool:
    """Listed by the tenant, or the very host that serves the socket."""
    listed = {allowed.rstrip("/").lower() for allowed in tenant.allowed_origins}
    host = _header(scope, b"host")
    same = urlsplit(origin).netloc.lower()
    return origin.lower() in listed or (bool(same) and host is not None and same == host.lower())


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), None)
