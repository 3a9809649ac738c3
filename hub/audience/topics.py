"""Topics: made at run time, filled by the tenant, and followed by subscribers where they are open."""

import re
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction

from hub.audience.models import Subscriber, Topic
from hub.audience.selectors import get_open_topic
from hub.audience.services import ensure_subscribers
from hub.content.values import check_text
from hub.exceptions import Conflict, InvalidRequest, NotFound
from hub.ids import uuid7
from hub.tenancy.models import Tenant

_KEY = re.compile(r"[^\s/]{1,200}")


def create_topic(*, tenant: Tenant, key: str, **fields: Any) -> Topic:
    """A new topic, with the fields of `upsert_topic`. Raises Conflict when the key is taken."""
    checked = _checked(key, fields)
    try:
        with transaction.atomic():
            topic = Topic.objects.create(tenant=tenant, key=key, **checked)
    except IntegrityError as error:
        raise Conflict(f"There is already a topic {key}.") from error
    topic.refresh_from_db(fields=["created_at"])
    return topic


def upsert_topic(*, tenant: Tenant, key: str, **fields: Any) -> Topic:
    """Make or change a topic; fields that are not given stay as they are.

    Fields: name; open, whether subscribers may follow it themselves. Raises InvalidRequest naming what is wrong.
    """
    topic, created = Topic.objects.update_or_create(tenant=tenant, key=key, defaults=_checked(key, fields))
    if created:
        topic.refresh_from_db(fields=["created_at"])
    return topic


def delete_topic(*, tenant: Tenant, key: str) -> None:
    """Remove a topic and its memberships."""
    deleted, _ = Topic.objects.filter(tenant=tenant, key=key).delete()
    if not deleted:
        raise NotFound("There is no such topic.")


@transaction.atomic
def add_members(*, topic: Topic, external_ids: Sequence[str]) -> int:
    """Let these subscribers follow the topic, making who is unknown. Returns how many are new."""
    ids = ensure_subscribers(tenant=topic.tenant, external_ids=external_ids, field="subscribers")
    new = sorted(ids.values())
    with connection.cursor() as db:
        db.execute(
            "INSERT INTO hub_topicmember (id, tenant_id, topic_id, subscriber_id) "
            "SELECT id, %s, %s, subscriber_id FROM unnest(%s::uuid[], %s::uuid[]) AS m(id, subscriber_id) "
            "ON CONFLICT DO NOTHING",
            [topic.tenant_id, topic.pk, [uuid7() for _ in new], new],
        )
        return int(db.rowcount)


def remove_members(*, topic: Topic, external_ids: Sequence[str]) -> int:
    """Let these subscribers follow the topic no longer. Returns how many did."""
    return topic.members.filter(subscriber__external_id__in=list(external_ids)).delete()[0]


def follow(*, subscriber: Subscriber, key: str) -> Topic:
    """Let a subscriber follow an open topic; twice is once. Raises NotFound for any other topic."""
    topic = get_open_topic(tenant=subscriber.tenant, key=key)
    add_members(topic=topic, external_ids=[subscriber.external_id])
    return topic


def unfollow(*, subscriber: Subscriber, key: str) -> None:
    """Undo `follow`, or that the tenant put them there. Raises NotFound for a topic that is not open."""
    get_open_topic(tenant=subscriber.tenant, key=key).members.filter(subscriber=subscriber).delete()


def _checked(key: str, fields: dict[str, Any]) -> dict[str, Any]:
    if not _KEY.fullmatch(check_text(key, field="key", limit=200)):
        raise InvalidRequest.on("key", "1 to 200 characters without spaces and slashes.")
    unknown = fields.keys() - {"name", "open"}
    if unknown:
        raise InvalidRequest.on(min(unknown), "There is no such field.", "unknown_field")
    if "name" in fields:
        check_text(fields["name"], field="name", limit=200)
    if not isinstance(fields.get("open", False), bool):
        raise InvalidRequest.on("open", "Must be true or false.", "type")
    return fields
