"""Who a notification is for: `to` as it is asked, as it is stored, and as subscribers, page by page."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from hub.audience.models import Topic
from hub.audience.profile import check_profile
from hub.audience.services import ensure_address, ensure_subscribers, upsert_subscriber
from hub.audience.users import as_recipients
from hub.conf import conf
from hub.exceptions import InvalidRequest
from hub.notifications.models import Notification
from hub.tenancy.models import Tenant

MAX_RECIPIENTS = 10_000
MAX_ID = 255


@dataclass(frozen=True, slots=True)
class Recipient:
    """What planning needs to know of a subscriber. `reachable`: the channels that have a destination; `chosen`: the
    switches of the category that the subscriber has set, `in_app` included."""

    subscriber_id: UUID
    reachable: frozenset[str]
    chosen: Mapping[str, bool]
    bare: bool


def parse_to(tenant: Tenant, to: Any) -> dict[str, Any]:
    """The stored form of `to`: an id, a list, `{"topic"}`, an inline subscriber, a bare `{"email"}`, or a Django
    user. Raises InvalidRequest.

    Reads at most the topic or the users; subscribers are made at fan-out, so that nothing but the notification is
    written, or locked, in the caller's transaction.
    """
    if isinstance(to, dict) and "topic" in to:
        return _topic(tenant, to)
    entries = as_recipients(tenant, to if isinstance(to, list) else [to])
    if not 1 <= len(entries) <= MAX_RECIPIENTS:
        raise InvalidRequest.on("to", f"must name 1 to {MAX_RECIPIENTS} recipients")
    many = isinstance(to, list)
    checked = [_entry(entry, f"to.{number}" if many else "to") for number, entry in enumerate(entries)]
    # Somebody named twice gets one item; what is said about them counts wherever it stands.
    parsed = {_key(entry): entry for entry in sorted(checked, key=lambda entry: isinstance(entry, dict))}
    return {"to": [parsed[key] for key in sorted(parsed)]}


def _topic(tenant: Tenant, to: dict[str, Any]) -> dict[str, Any]:
    key = to["topic"]
    if set(to) != {"topic"} or not isinstance(key, str):
        raise InvalidRequest.on("to.topic", "must be the key of a topic, and stand alone")
    topic_id = Topic.objects.filter(tenant=tenant, key=key).values_list("id", flat=True).first()
    if topic_id is None:
        raise InvalidRequest.on("to.topic", f"there is no topic {key!r}", "not_found")
    return {"topic": str(topic_id), "key": key}


def _key(entry: Any) -> str:
    return entry if isinstance(entry, str) else entry.get("external_id") or f"mailto:{entry['email']}"


def _entry(entry: Any, path: str) -> Any:
    if isinstance(entry, str):
        return _checked_id(entry, path)
    if not isinstance(entry, dict):
        raise InvalidRequest.on(path, "must be a subscriber's id, an object with id, or an object with email")
    try:
        profile = check_profile({name: value for name, value in entry.items() if name != "id"})
    except InvalidRequest as error:
        raise error.under(path) from None
    if "id" in entry:
        return {"external_id": _checked_id(entry["id"], f"{path}.id"), **profile}
    if set(profile) != {"email"} or not profile["email"]:
        raise InvalidRequest.on(path, "needs an id, or an email and nothing else")
    return profile


def _checked_id(value: Any, path: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID or not value.isprintable():
        raise InvalidRequest.on(path, f"must be a subscriber's id: a text of 1 to {MAX_ID} printable characters")
    return value


def size_hint(audience: dict[str, Any]) -> int | None:
    """How many recipients a list names; None for a topic."""
    return len(audience["to"]) if "to" in audience else None


def page(notification: Notification, cursor: str, limit: int) -> tuple[list[Recipient], str]:
    """The next `limit` recipients after `cursor`, made where they are new, and the cursor after them ("": no more)."""
    if "topic" in notification.audience:
        members, following = _topic_page(notification.audience["topic"], cursor, limit)
        return recipients(members, notification.category), following
    rest = [entry for entry in notification.audience["to"] if _key(entry) > cursor]
    chosen = rest[:limit]
    return _named(notification, chosen), _key(chosen[-1]) if len(rest) > limit else ""


def _topic_page(topic_id: str, cursor: str, limit: int) -> tuple[list[UUID], str]:
    with connection.cursor() as db:
        db.execute(
            "SELECT subscriber_id FROM hub_topicmember WHERE topic_id = %s AND subscriber_id > %s "
            "ORDER BY subscriber_id LIMIT %s",
            [topic_id, cursor or UUID(int=0), limit + 1],
        )
        ids = [row[0] for row in db.fetchall()]
    return ids[:limit], str(ids[limit - 1]) if len(ids) > limit else ""


def _named(notification: Notification, entries: list[Any]) -> list[Recipient]:
    """Those whom a list names. Who is known by id alone, as nearly everybody is, is found in one query."""
    tenant, category = notification.tenant, notification.category
    plain = [entry for entry in entries if isinstance(entry, str)]
    found = _select("s.tenant_id = %s AND s.external_id = ANY(%s)", [tenant.pk, plain], category) if plain else []
    made: list[UUID] = []
    if len(found) < len(plain):
        known = {recipient.subscriber_id for recipient in found}
        made = [pk for pk in ensure_subscribers(tenant=tenant, external_ids=plain).values() if pk not in known]
    for entry in entries:
        if isinstance(entry, dict) and "external_id" in entry:
            made.append(upsert_subscriber(tenant=tenant, **entry).id)
        elif isinstance(entry, dict):
            made.append(ensure_address(tenant=tenant, email=entry["email"]).id)
    return found + recipients(made, category) if made else found


def connected_members(notification: Notification, connected: Collection[UUID]) -> list[UUID]:
    """Those of the audience who are connected and exist already."""
    if "topic" in notification.audience:
        statement = "SELECT subscriber_id FROM hub_topicmember WHERE topic_id = %s AND subscriber_id = ANY(%s)"
        arguments = [notification.audience["topic"], list(connected)]
    else:
        statement = "SELECT id FROM hub_subscriber WHERE tenant_id = %s AND id = ANY(%s) AND external_id = ANY(%s)"
        plain = [_key(entry) for entry in notification.audience["to"]]
        arguments = [notification.tenant_id, list(connected), plain]
    with connection.cursor() as db:
        db.execute(statement, arguments)
        return [row[0] for row in db.fetchall()]


def recipients(subscriber_ids: Collection[UUID], category: str) -> list[Recipient]:
    """What planning needs to know of these subscribers."""
    return _select("s.id = ANY(%s)", [list(subscriber_ids)], category)


def _select(where: str, arguments: list[Any], category: str) -> list[Recipient]:
    statement = f"""
        SELECT s.id, s.email <> '', s.phone <> '', s.bare,
            (SELECT jsonb_object_agg(p.channel, p.enabled) FROM hub_preference p
             WHERE p.subscriber_id = s.id AND p.category = %s)
        FROM hub_subscriber s WHERE {where}
    """  # noqa: S608 constants only
    with connection.cursor() as db:
        db.execute(statement, [category, *arguments])
        return [_recipient(*row) for row in db.fetchall()]


def _recipient(subscriber_id: UUID, email: bool, phone: bool, bare: bool, chosen: str | None) -> Recipient:
    reachable = {name for name, has in (("email", email), ("sms", phone)) if has and name in conf.channels}
    return Recipient(subscriber_id, frozenset(reachable), orjson.loads(chosen or "{}"), bare)
