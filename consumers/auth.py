"""Who is asking: a token, or a session cookie from a page that is let in. Runs in threads, and raises what REST does."""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, parse_cookie

from consumers.frames import Close
from hub.audience.models import Subscriber
from hub.audience.users import subscriber_of_user
from hub.exceptions import Forbidden, HubError, InvalidRequest, Unauthorised
from hub.tenancy import tokens
from hub.tenancy.errors import Refused
from hub.tenancy.models import Tenant
from hub.tenancy.origins import check_origin
from hub.tenancy.revocation import Credential, Standing

Scope = dict[str, Any]
# what a refusal closes a socket with, by its code: an expired token is replaced, so the client comes back
CLOSES = {
    "unavailable": Close.GOING_AWAY,
    "issuer_unreachable": Close.GOING_AWAY,
    "token_expired": Close.TOKEN_EXPIRED,
    "forbidden": Close.FORBIDDEN,
    "too_many_connections": Close.TOO_MANY,
    "token_revoked": Close.REVOKED,
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose connection it is, by which credential.

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

    @property
    def ids(self) -> dict[str, str]:
        """Whom a line of the log is about: ids that name nobody. As `extra`, since much of what runs here serves many."""
        return {"tenant": self.tenant, "subscriber_id": str(self.subscriber_id)}


def close_code(refusal: HubError) -> Close:
    """What a socket is closed with when this is why it may not be here."""
    return CLOSES.get(refusal.code, Close.UNAUTHORISED)


def identify(scope: Scope, token: str | None, tenant: str | None) -> Identity:
    """Raises Unauthorised or Forbidden. `tenant`: the slug that a user of several tenants has to say."""
    return admit(scope, token, tenant)[0]


def admit(scope: Scope, token: str | None, tenant: str | None) -> tuple[Identity, Tenant]:
    """As `identify`, with the tenant, for who has to know its origins."""
    return _by_token(scope, token) if token else _by_session(scope, tenant)


def refusal(identity: Identity, standing: Standing | None) -> HubError | None:
    """Why somebody who was let in may not stay, if so; `standing` is None when there is no such subscriber any more."""
    if standing is None:
        return Refused("token_revoked", "there is no such subscriber")
    if standing.suspended:
        return Forbidden("the tenant is suspended")
    valid_after = standing.valid_after
    if not standing.holds or (valid_after is not None and identity.issued_at < valid_after.timestamp()):
        return Refused("token_revoked", "the credentials are revoked")
    return None


def _by_token(scope: Scope, token: str) -> tuple[Identity, Tenant]:
    found = tokens.verify(token)
    check_origin(found.tenant, _header(scope, b"origin"), _header(scope, b"host"))
    credential = Credential(found.subscriber.pk, key_id=found.key_id)
    return _identity(credential, found.subscriber, found.tenant, found.issued_at, found.expires_at), found.tenant


def _by_session(scope: Scope, slug: str | None) -> tuple[Identity, Tenant]:
    """A browser sends the cookie whatever page asks for it, so the page must be ours or listed."""
    origin = _header(scope, b"origin")
    if origin is None and not _is_own_page(scope):
        raise Forbidden("a session needs an Origin")
    subscriber = _subscriber(scope, slug)
    check_origin(subscriber.tenant, origin, _header(scope, b"host"), by_cookie=True)
    if subscriber.tenant.status == Tenant.Status.SUSPENDED:
        raise Forbidden("the tenant is suspended")
    credential = Credential(subscriber.pk, user_id=str(subscriber.user_id))
    shown_at = datetime.now(UTC).timestamp()
    return _identity(credential, subscriber, subscriber.tenant, shown_at, None), subscriber.tenant


def _identity(
    credential: Credential, subscriber: Subscriber, tenant: Tenant, issued_at: float, expires_at: datetime | None
) -> Identity:
    return Identity(credential, tenant.pk, tenant.slug, subscriber.external_id, issued_at, expires_at)


def _subscriber(scope: Scope, slug: str | None) -> Subscriber:
    user = _user(scope)
    if not user.is_authenticated:
        raise Unauthorised("no token and no session")
    try:
        subscriber = subscriber_of_user(user, slug)
    except InvalidRequest as error:
        raise Unauthorised(error.message) from error
    if subscriber is None:
        raise Unauthorised("this user has no inbox here")
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


def _is_own_page(scope: Scope) -> bool:
    """A GET of our own page has no Origin, but the browser says where it comes from."""
    return scope["type"] == "http" and _header(scope, b"sec-fetch-site") == "same-origin"


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), None)
