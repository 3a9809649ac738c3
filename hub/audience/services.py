"""Subscribers and topics: made on first use, changed, erased."""

import hashlib
import re
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction

from hub import live
from hub.audience.addresses import normal_email, normal_phone
from hub.audience.models import Stream, Subscriber, Topic, TopicMember
from hub.audience.profile import check_profile
from hub.content.values import check_text
from hub.exceptions import Conflict, InvalidRequest, NotFound
from hub.tenancy.models import Tenant

MAX_ID = 255
# rows a statement: PostgreSQL takes 65,535 parameters
ROWS = 1_000
_TOPIC_KEY = re.compile(r"[^\s/]{1,200}")


def check_external_id(value: object, *, field: str) -> str:
    """`value` as a subscriber's external id: 1 to 255 printable characters."""
    text = check_text(value, field=field, limit=MAX_ID)
    if not text or not text.isprintable():
        raise InvalidRequest.on(field, "A subscriber's id has 1 to 255 printable characters.", "required")
    return text


def ensure_subscribers(*, tenant: Tenant, external_ids: Sequence[str], field: str = "to") -> dict[str, UUID]:
    """The ids of these subscribers by external id; who is unknown is made, with a stream. Safe to call at once."""
    wanted = {check_external_id(external_id, field=field) for external_id in external_ids}
    found = _ids(tenant, wanted)
    missing = sorted(wanted - found.keys())
    return found | _make(tenant, missing) if missing else found


def ensure_address(*, tenant: Tenant, email: str = "", phone: str = "") -> Subscriber:
    """The subscriber behind a bare address, `mailto:<address>` or `tel:<number>`: made on first use, marked `bare`."""
    if bool(email) == bool(phone):
        raise InvalidRequest.on("to", "Give either an email or a phone.")
    fields = {"email": normal_email(email)} if email else {"phone": normal_phone(phone)}
    external_id = _address_id(f"mailto:{fields['email']}" if email else f"tel:{fields['phone']}")
    found = Subscriber.objects.filter(tenant=tenant, external_id=external_id).first()
    if found is None:
        _make(tenant, [external_id], bare=True, **fields)
        found = Subscriber.objects.get(tenant=tenant, external_id=external_id)
    return found


def upsert_subscriber(*, tenant: Tenant, external_id: str, **fields: Any) -> Subscriber:
    """Make or change a subscriber; fields that are not given stay as they are.

    Fields: name, email, phone, locale, timezone, attributes, user. Whoever is named so is no longer a bare address.
    """
    user: AbstractBaseUser | None = fields.pop("user", None)
    changes = check_profile(fields) | ({"user": user} if user is not None else {})
    with transaction.atomic():
        subscriber_id = ensure_subscribers(tenant=tenant, external_ids=[external_id], field="id")[external_id]
        Subscriber.objects.filter(pk=subscriber_id).update(**changes, bare=False)
    return Subscriber.objects.get(pk=subscriber_id)


def erase_subscriber(*, tenant: Tenant, external_id: str) -> None:
    """Remove a subscriber and everything that is about them. What was sent to others stays."""
    with transaction.atomic():
        stream = Stream.objects.select_for_update().filter(tenant=tenant, subscriber__external_id=external_id).first()
        if stream is None:
            raise NotFound("There is no such subscriber.")
        Subscriber.objects.get(pk=stream.pk).delete()
        transaction.on_commit(partial(live.recheck, subscribers=[stream.pk]), robust=True)


def upsert_topic(*, tenant: Tenant, key: str, name: str | None = None) -> Topic:
    """Make a topic, or rename it."""
    check_text(key, field="key", limit=200)
    if not _TOPIC_KEY.fullmatch(key):
        raise InvalidRequest.on("key", "1 to 200 characters without spaces and slashes.")
    changes = {} if name is None else {"name": check_text(name, field="name", limit=200)}
    topic, created = Topic.objects.update_or_create(tenant=tenant, key=key, defaults=changes)
    if created:
        topic.refresh_from_db(fields=["created_at"])
    return topic


def delete_topic(*, tenant: Tenant, key: str) -> None:
    """Remove a topic and its memberships."""
    deleted, _ = Topic.objects.filter(tenant=tenant, key=key).delete()
    if not deleted:
        raise NotFound("There is no such topic.")


def add_members(*, topic: Topic, external_ids: Sequence[str]) -> int:
    """Let these subscribers follow the topic, making who is unknown. Returns how many are new."""
    with transaction.atomic():
        ids = ensure_subscribers(tenant=topic.tenant, external_ids=external_ids, field="subscribers")
        following = set(topic.members.filter(subscriber__in=ids.values()).values_list("subscriber_id", flat=True))
        new = sorted(set(ids.values()) - following)
        TopicMember.objects.bulk_create(
            [TopicMember(tenant_id=topic.tenant_id, topic=topic, subscriber_id=pk) for pk in new],
            ignore_conflicts=True,
        )
    return len(new)


def remove_members(*, topic: Topic, external_ids: Sequence[str]) -> int:
    """Let these subscribers follow the topic no longer. Returns how many did."""
    return topic.members.filter(subscriber__external_id__in=list(external_ids)).delete()[0]


def follow(*, topic: Topic, subscriber: Subscriber) -> None:
    """Let a subscriber follow a topic of the same tenant; following twice changes nothing."""
    if topic.tenant_id != subscriber.tenant_id:
        raise Conflict("The topic belongs to another tenant.")
    row = TopicMember(tenant_id=topic.tenant_id, topic=topic, subscriber=subscriber)
    TopicMember.objects.bulk_create([row], ignore_conflicts=True)


def unfollow(*, topic: Topic, subscriber: Subscriber) -> None:
    """Undo `follow`."""
    topic.members.filter(subscriber=subscriber).delete()


def _address_id(text: str) -> str:
    """The longest addresses don't fit into an external id: their digest does."""
    return text if len(text) <= MAX_ID else f"mailto:{hashlib.sha256(text.encode()).hexdigest()}"


def _ids(tenant: Tenant, external_ids: Collection[str]) -> dict[str, UUID]:
    with connection.cursor() as db:
        db.execute(
            "SELECT external_id, id FROM hub_subscriber WHERE tenant_id = %s AND external_id = ANY(%s)",
            [tenant.pk, list(external_ids)],
        )
        return dict(db.fetchall())


def _make(tenant: Tenant, external_ids: Sequence[str], **fields: Any) -> dict[str, UUID]:
    """Insert in sorted order, so that two callers wait for each other instead of deadlocking; whoever loses reads."""
    with transaction.atomic():
        Subscriber.objects.bulk_create(
            [Subscriber(tenant=tenant, external_id=external_id, **fields) for external_id in external_ids],
            batch_size=ROWS,
            ignore_conflicts=True,
        )
        made = _ids(tenant, external_ids)
        Stream.objects.bulk_create(
            [Stream(subscriber_id=pk, tenant=tenant) for pk in sorted(made.values())],
            batch_size=ROWS,
            ignore_conflicts=True,
        )
    return made
