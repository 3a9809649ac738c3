"""Reads of subscribers and topics."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from hub.audience.models import Subscriber, Topic, TopicMember
from hub.exceptions import NotFound
from hub.tenancy.models import Tenant


def get_subscriber(*, tenant: Tenant, external_id: str) -> Subscriber:
    """The tenant's subscriber. Raises NotFound."""
    found = Subscriber.objects.filter(tenant=tenant, external_id=external_id).first()
    if found is None:
        raise NotFound("There is no such subscriber.")
    return found


def subscribers(*, tenant: Tenant, email: str | None = None) -> QuerySet[Subscriber]:
    """The tenant's subscribers; those with one address when `email` is given."""
    found = Subscriber.objects.filter(tenant=tenant)
    return found if email is None else found.filter(email=email)


def get_topic(*, tenant: Tenant, key: str) -> Topic:
    """The tenant's topic. Raises NotFound."""
    found = Topic.objects.filter(tenant=tenant, key=key).first()
    if found is None:
        raise NotFound("There is no such topic.")
    found.tenant = tenant
    return found


def get_open_topic(*, tenant: Tenant, key: str) -> Topic:
    """The tenant's topic, if subscribers may follow it themselves. Raises NotFound."""
    found = get_topic(tenant=tenant, key=key)
    if not found.open:
        raise NotFound("There is no such topic.")
    return found


def open_topics(subscriber: Subscriber) -> QuerySet[Any]:
    """The topics that a subscriber may follow, each with `following`."""
    mine = TopicMember.objects.filter(topic=OuterRef("pk"), subscriber=subscriber)
    return Topic.objects.filter(tenant=subscriber.tenant_id, open=True).annotate(following=Exists(mine))
