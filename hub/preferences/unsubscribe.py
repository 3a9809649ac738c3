"""Mail that stops with one click: a signed link in its headers switches its category off for one subscriber (RFC 8058)."""

from dataclasses import dataclass
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.urls import NoReverseMatch, reverse

from hub.audience.models import Subscriber
from hub.conf import conf
from hub.exceptions import NotFound
from hub.preferences.models import Preference

ROUTE = "hub-unsubscribe"
CHANNEL = "email"
MAX_TOKEN = 1_000
_SALT = "hub.unsubscribe"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link is about: the mails of a category. `subscriber` is None once they were erased."""

    subscriber: Subscriber | None
    category: str


def link_for(subscriber_id: UUID, category: str) -> str:
    """The link, the same for every mail of the category; it never expires. Empty where the hub serves no such address."""
    token = Signer(salt=_SALT).sign_object([subscriber_id.hex, category])
    try:
        return conf.public_url.rstrip("/") + reverse(ROUTE, args=[token])
    except NoReverseMatch:
        return ""


def read_link(token: str) -> Subscription:
    """What the link with this token is about. Raises NotFound for one that the hub didn't make."""
    try:
        if len(token) > MAX_TOKEN:
            raise BadSignature("too long")
        subscriber_id, category = Signer(salt=_SALT).unsign_object(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound("This link is not whole, or not of this hub.") from error
    found = Subscriber.objects.select_related("tenant").filter(pk=UUID(subscriber_id)).first()
    return Subscription(found, category)


def switch_mail(subscription: Subscription, *, on: bool) -> None:
    """Switch the mails of the category off, or on again. Doing it twice is doing it once; for nobody it is nothing."""
    if subscription.subscriber is None:
        return
    Preference.objects.update_or_create(
        subscriber=subscription.subscriber,
        category=subscription.category,
        channel=CHANNEL,
        defaults={"enabled": on, "tenant_id": subscription.subscriber.tenant_id},
    )
