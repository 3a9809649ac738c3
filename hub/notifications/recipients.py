"""The subscribers that an audience stands for, page by page, as they are at this instant."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from hub.audience.filters import Where, all_of, any_of, compiled, negated
from hub.audience.services import ensure_address, ensure_subscribers, save_profiles
from hub.fallback.destinations import reachable
from hub.notifications.audience import key_of
from hub.notifications.models import Notification

# Subscribers that a page of a filter looks through for each one that it may serve: work is bounded whatever the filter.
WINDOW = 10
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Recipient:
    """What planning needs to know of a subscriber. `reachable`: the channels of the ladder that have a destination;
    `chosen`: the switches of the category that the subscriber has set, `in_app` included."""

    subscriber_id: UUID
    locale: str
    reachable: frozenset[str]
    chosen: Mapping[str, bool]
    bare: bool


Page = tuple[list[Recipient], str]


def page(notification: Notification, cursor: str, limit: int) -> Page:
    """The next recipients, `limit` at most, and the cursor after them ("": no more). Who is new is made.

    A cursor is `part:place`. Each part of a union is walked along an index of its own; who is in several may come again.
    """
    parts = _parts(notification)
    number, _, after = cursor.partition(":")
    index = int(number or 0)
    found, place = parts[index](after, limit)
    if place:
        return found, f"{index}:{place}"
    return found, f"{index + 1}:" if index + 1 < len(parts) else ""


def connected_members(notification: Notification, connected: Collection[UUID]) -> list[UUID]:
    """Those of the audience who are connected and exist already."""
    audience = notification.audience
    here = Where("s.tenant_id = %s AND s.id = ANY(%s)", (notification.tenant_id, list(connected)))
    where = all_of([here, _in(audience), negated(_in(audience.get("except", {})))])
    with connection.cursor() as db:
        db.execute(f"SELECT s.id FROM hub_subscriber s WHERE {where.sql}", where.arguments)  # noqa: S608 see Where
        return [row[0] for row in db.fetchall()]


def recipients(notification: Notification, subscriber_ids: Collection[UUID]) -> list[Recipient]:
    """What planning needs to know of these subscribers, without those who are left out."""
    return _select(notification, Where("s.id = ANY(%s)", (list(subscriber_ids),)))


def _parts(notification: Notification) -> list[Callable[[str, int], Page]]:
    audience = notification.audience
    parts: list[Callable[[str, int], Page]] = [partial(_named_page, notification)] if "to" in audience else []
    parts += [partial(_topic_page, notification, topic["id"]) for topic in audience.get("topics", ())]
    if "all" in audience or "filters" in audience:
        parts.append(partial(_walk_page, notification))
    return parts


def _named_page(notification: Notification, after: str, limit: int) -> Page:
    left_out = set(notification.audience.get("except", {}).get("to", ()))
    entries = ((key_of(entry), entry) for entry in notification.audience["to"])
    rest = [(key, entry) for key, entry in entries if key > after and key not in left_out]
    chosen = rest[:limit]
    return _named(notification, [entry for _, entry in chosen]), chosen[-1][0] if len(rest) > limit else ""


def _named(notification: Notification, entries: list[Any]) -> list[Recipient]:
    """Those whom a list names. Who is known by id alone, as nearly everybody is, is found in one query."""
    tenant = notification.tenant
    plain = [entry for entry in entries if isinstance(entry, str)]
    known = Where("s.tenant_id = %s AND s.external_id = ANY(%s)", (tenant.pk, plain))
    found = _select(notification, known) if plain else []
    made: list[UUID] = []
    if len(found) < len(plain):
        seen = {recipient.subscriber_id for recipient in found}
        made = [pk for pk in ensure_subscribers(tenant=tenant, external_ids=plain).values() if pk not in seen]
    inline = [dict(entry) for entry in entries if isinstance(entry, dict) and "external_id" in entry]
    if inline:
        saved = save_profiles(tenant=tenant, changes=[(entry.pop("external_id"), entry) for entry in inline])
        made += [one.subscriber.pk for one in saved]
    bare = [entry for entry in entries if isinstance(entry, dict) and "external_id" not in entry]
    made += [ensure_address(tenant=tenant, **entry).pk for entry in bare]
    return found + recipients(notification, made) if made else found


def _topic_page(notification: Notification, topic_id: str, after: str, limit: int) -> Page:
    with connection.cursor() as db:
        db.execute(
            "SELECT subscriber_id FROM hub_topicmember WHERE topic_id = %s AND subscriber_id > %s "
            "ORDER BY subscriber_id LIMIT %s",
            [topic_id, after or _FIRST, limit + 1],
        )
        ids = [row[0] for row in db.fetchall()]
    return recipients(notification, ids[:limit]), str(ids[limit - 1]) if len(ids) > limit else ""


def _walk_page(notification: Notification, after: str, limit: int) -> Page:
    """Along the tenant's subscribers, a window at a time: each is looked at once, however few a filter lets through."""
    end = _end_of_window(notification.tenant_id, after, limit * WINDOW)
    window = Where(
        "s.tenant_id = %s AND s.id > %s AND s.id <= %s", (notification.tenant_id, after or _FIRST, end or _LAST)
    )
    audience = {name: notification.audience[name] for name in ("all", "filters") if name in notification.audience}
    found = _select(notification, all_of([window, _in(audience)]), limit + 1)
    place = found[limit - 1].subscriber_id if len(found) > limit else end
    return found[:limit], str(place) if place else ""


def _end_of_window(tenant_id: UUID, after: str, size: int) -> UUID | None:
    """The last subscriber of the next `size`, None where there are no more than that."""
    with connection.cursor() as db:
        db.execute(
            "SELECT id FROM hub_subscriber WHERE tenant_id = %s AND id > %s ORDER BY id OFFSET %s LIMIT 2",
            [tenant_id, after or _FIRST, size - 1],
        )
        rows = db.fetchall()
    return rows[0][0] if len(rows) == 2 else None


def _in(audience: dict[str, Any]) -> Where:
    """Whether a subscriber is in a stored union. Bare addresses are in nothing that does not name them."""
    parts = []
    if "to" in audience:
        parts.append(Where("s.external_id = ANY(%s)", ([key_of(entry) for entry in audience["to"]],)))
    if "topics" in audience:
        members = "EXISTS (SELECT FROM hub_topicmember m WHERE m.subscriber_id = s.id AND m.topic_id = ANY(%s::uuid[]))"
        parts.append(Where(members, ([topic["id"] for topic in audience["topics"]],)))
    if "all" in audience:
        parts.append(Where("NOT s.bare"))
    if "filters" in audience:
        parts.append(all_of([Where("NOT s.bare"), any_of([compiled(one) for one in audience["filters"]])]))
    return any_of(parts)


def _select(notification: Notification, where: Where, limit: int | None = None) -> list[Recipient]:
    if "except" in notification.audience:
        where = all_of([where, negated(_in(notification.audience["except"]))])
    reached = reachable(step["channel"] for step in notification.ladder)
    statement = f"""
        SELECT s.id, s.locale, {reached}, s.bare,
            (SELECT jsonb_object_agg(p.channel, p.enabled) FROM hub_preference p
             WHERE p.subscriber_id = s.id AND p.category = %s)
        FROM hub_subscriber s WHERE {where.sql} ORDER BY s.id LIMIT %s
    """  # noqa: S608 see Where
    with connection.cursor() as db:
        db.execute(statement, [notification.category, *where.arguments, limit])
        return [
            Recipient(subscriber_id, locale, frozenset(channels), orjson.loads(chosen or "{}"), bare)
            for subscriber_id, locale, channels, bare, chosen in db.fetchall()
        ]
