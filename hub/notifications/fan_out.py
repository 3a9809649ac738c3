"""Carrying out a notification: batches of recipients, each in one short transaction, told right after its commit.

The row lock of the `FanOut` is the lease: it is gone with whoever held it, and the cursor says where to go on. A batch
locks streams in the order of their subscribers, so that two fan-outs never wait for each other in a circle.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hub import live, presence
from hub.conf import conf
from hub.fallback.models import Delivery
from hub.ids import uuid7
from hub.inbox.cursors import Counts
from hub.inbox.wire import new_item, notification_frame, shared_part
from hub.notifications import audience, recipients, work
from hub.notifications.languages import languages
from hub.notifications.models import FanOut, Notification
from hub.policy.ladder import ALL, Planned, plan
from hub.policy.preferences import IN_APP, switched_off
from hub.trace import tracing
from hub.wake import wake
from hub.webhooks import outbox

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Born:
    """An item that a batch made visible."""

    item_id: UUID
    subscriber_id: UUID
    locale: str
    seq: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class _Batch:
    notification: Notification
    contents: Mapping[str, Mapping[str, Any]]
    at: datetime
    born: list[_Born]
    due_now: frozenset[str]
    finished: bool


def lane_of(notification: Notification) -> str:
    """Small audiences and high priority go first."""
    size = audience.size_hint(notification.audience)
    small = (
        size is not None and size <= conf.fan_out_inline_limit and notification.priority != Notification.Priority.LOW
    )
    urgent = notification.priority == Notification.Priority.HIGH
    return Delivery.Lane.HIGH if small or urgent else Delivery.Lane.BULK


def run(notification_id: UUID) -> int:
    """`carry_out` by id."""
    return carry_out(Notification.objects.select_related("tenant").get(id=notification_id))


def carry_out(notification: Notification) -> int:
    """Carry a notification out, unless somebody else is at it. Returns how many batches were served.

    A failure is kept on the record and tried again later by the sweep.
    """
    asked = notification.request_id or None
    with tracing(tenant=notification.tenant.slug, notification_id=notification.id, request_id=asked):
        batches = 0
        try:
            for batch in _batches(notification):
                _tell(batch)
                batches += 1
        except Exception as error:
            logger.exception("a fan-out failed; it is tried again")
            work.put_off(notification.id, FanOut.Operation.DELIVER, error)
        else:
            if batches:  # none: somebody else is at it, or was
                logger.info("fanned out", extra={"batches": batches})
    return batches


def sweep(limit: int = 10) -> int:
    """Carry out up to `limit` fan-outs that are due and in nobody's hands. Returns how many were."""
    due = work.due(FanOut.Operation.DELIVER, limit)
    return sum(run(notification_id) > 0 for notification_id in due)


def _tell(batch: _Batch) -> None:
    """After the commit: presence once more, since somebody may have come, then the frames, then a hint to the workers.

    A few are told without asking who is here: a message that nobody hears costs less than the question.
    """
    everybody = [born.subscriber_id for born in batch.born]
    few = len(everybody) <= conf.fan_out_inline_limit
    if here := everybody if few else presence.connected(everybody):
        live.publish(_frames(batch, here))
    for channel in batch.due_now:
        wake(channel, lane_of(batch.notification))


def _frames(batch: _Batch, here: Collection[UUID]) -> Iterator[live.Frame]:
    source = batch.notification
    same = {
        name: getattr(source, name) for name in ("event", "category", "tags", "priority", "group_key", "expires_at")
    } | {"created_at": batch.at}
    shared = {locale: shared_part(same | {"content": said}) for locale, said in batch.contents.items()}
    for born in batch.born:
        if born.subscriber_id in here:
            item = new_item(born.item_id, born.seq, shared[born.locale])
            frame = notification_frame(op="created", seq=born.seq, item=item, counts=born.counts)
            yield born.subscriber_id, born.seq, frame


def _batches(notification: Notification) -> Iterator[_Batch]:
    """Committed batches, until the notification is done or in other hands."""
    for chosen in [*_connected_first(notification), None]:
        while (batch := _commit_batch(notification, chosen)) is not None:
            yield batch
            if batch.finished or chosen is not None:
                break


def _connected_first(notification: Notification) -> Iterator[list[UUID]]:
    """Of an audience of many batches, those who are looking, ahead of the rest."""
    size = audience.size_hint(notification.audience)
    if size is None or size > conf.fan_out_batch:
        here = recipients.connected_members(notification, presence.all_connected())
        for start in range(0, len(here), conf.fan_out_batch):
            yield here[start : start + conf.fan_out_batch]


@transaction.atomic
def _commit_batch(notification: Notification, chosen: list[UUID] | None) -> _Batch | None:
    """Serve the `chosen`, or the next page after the cursor. None: done, cancelled, not due, or in other hands."""
    held = work.take(notification.id, FanOut.Operation.DELIVER)
    if held is None:
        return None
    notification.audience, notification.expires_at = held.audience, held.expires_at
    if chosen is None:
        served, following = recipients.page(notification, held.cursor, conf.fan_out_batch)
    else:
        served, following = recipients.recipients(notification, chosen), held.cursor
    finished = chosen is None and not following
    told = languages(notification, {one.locale for one in served})
    rows = _planned(notification, served, told.of, held.at)
    born = rows.insert(notification, held, cursor=following, finished=finished)
    return _Batch(notification, told.contents, held.at, born, rows.due_now, finished)


def _planned(
    notification: Notification, served: list[recipients.Recipient], language: Mapping[str, str], at: datetime
) -> "_Rows":
    here = presence.connected([one.subscriber_id for one in served]) if notification.ladder else set()
    grace = conf.redis_down_grace if here is None else 0
    expired = notification.expires_at is not None and notification.expires_at <= at
    rows = _Rows()
    for recipient in served:
        off = (
            frozenset() if notification.required else switched_off(recipient.chosen, default_on=notification.default_on)
        )
        absent = recipient.subscriber_id not in (here or ())
        hidden = "expired" if expired else _hidden(notification, recipient, off)
        ladder = [] if expired else notification.ladder
        steps = plan(ladder, reachable=recipient.reachable, off=off, absent=absent, grace=grace)
        rows.add(recipient.subscriber_id, language[recipient.locale], hidden, absent, steps)
    return rows


def _hidden(notification: Notification, recipient: recipients.Recipient, off: Collection[str]) -> str:
    reasons = (
        (recipient.bare, "bare_recipient"),
        (notification.channels not in (None, ALL) and IN_APP not in notification.channels, "not_requested"),
        (IN_APP in off, "preference_off"),
    )
    return next((reason for holds, reason in reasons if holds), "")


_PROCESSED = outbox.owed(f"""
SELECT n.tenant_id, n.id, NULL::uuid, 'notification.processed', %(at)s::timestamptz, {outbox.notification_data("n")}
FROM progress n
""")  # noqa: S608 constants only
_INSERT = """
WITH fresh AS MATERIALIZED (
    SELECT r.* FROM unnest(%(subscribers)s::uuid[], %(items)s::uuid[], %(locales)s::text[], %(hidden)s::text[])
        AS r(subscriber_id, item_id, locale, hidden_reason)
    WHERE NOT EXISTS (SELECT FROM hub_inboxitem x
                      WHERE x.notification_id = %(notification)s AND x.subscriber_id = r.subscriber_id)
), locked AS MATERIALIZED (
    SELECT s.subscriber_id FROM hub_stream s JOIN fresh f USING (subscriber_id) WHERE f.hidden_reason = ''
    ORDER BY s.subscriber_id FOR NO KEY UPDATE OF s
), bumped AS (
    UPDATE hub_stream s SET last_seq = s.last_seq + 1, unseen = s.unseen + 1, unread = s.unread + 1
    FROM locked l WHERE s.subscriber_id = l.subscriber_id
    RETURNING s.subscriber_id, s.last_seq, s.unread, s.unseen
), item AS (
    INSERT INTO hub_inboxitem (id, tenant_id, notification_id, subscriber_id, category, locale, seq, surfaced_seq,
                               created_at, expires_at, acted, hidden_reason)
    SELECT f.item_id, %(tenant)s, %(notification)s, f.subscriber_id, %(category)s, f.locale, b.last_seq, b.last_seq,
           %(at)s, %(expires_at)s, '', f.hidden_reason
    FROM fresh f LEFT JOIN bumped b USING (subscriber_id)
), owed AS (
    INSERT INTO hub_delivery (id, tenant_id, notification_id, item_id, subscriber_id, channel, lane, step, generation,
        state, reason, due_at, after, absent, cancel_level, attempts, unknowns, fence, postponed, created_at, finished_at)
    SELECT d.id, %(tenant)s, %(notification)s, f.item_id, f.subscriber_id, d.channel, %(lane)s, d.step, 0,
        CASE WHEN d.reason = '' THEN 'waiting' ELSE 'skipped' END, d.reason,
        %(at)s + d.delay * interval '1 second', d.after, d.absent, d.cancel_level, 0, 0, 0, false, %(at)s,
        CASE WHEN d.reason = '' THEN NULL ELSE %(at)s END
    FROM unnest(%(d_ids)s::uuid[], %(d_items)s::uuid[], %(d_channels)s::text[], %(d_steps)s::int[],
        %(d_delays)s::int[], %(d_afters)s::int[], %(d_levels)s::int[], %(d_reasons)s::text[], %(d_absents)s::bool[])
        AS d(id, item_id, channel, step, delay, after, cancel_level, reason, absent)
    JOIN fresh f USING (item_id)
), work AS (
    UPDATE hub_fanout SET cursor = %(cursor)s, started_at = COALESCE(started_at, now()), failures = 0, error = '',
        done_at = CASE WHEN %(finished)s THEN now() END
    WHERE id = %(work)s
), progress AS (
    UPDATE hub_notification SET recipients = recipients + (SELECT count(*) FROM fresh),
        status = CASE WHEN %(finished)s THEN 'processed' ELSE status END,
        processed_at = CASE WHEN %(finished)s THEN now() END
    WHERE id = %(notification)s RETURNING *
), told AS ({told})
SELECT f.item_id, f.subscriber_id, f.locale, b.last_seq, b.unread, b.unseen, (SELECT count(*) FROM told)
FROM fresh f LEFT JOIN bumped b USING (subscriber_id)
"""


class _Rows:
    """The rows of a batch, as columns: PostgreSQL takes them as arrays, in one statement."""

    def __init__(self) -> None:
        self.items: list[tuple[UUID, UUID, str, str]] = []
        self.deliveries: list[tuple[UUID, bool, Planned]] = []

    def add(self, subscriber_id: UUID, locale: str, hidden: str, absent: bool, steps: list[Planned]) -> None:
        item_id = uuid7()
        self.items.append((subscriber_id, item_id, locale, hidden))
        self.deliveries += [(item_id, absent, step) for step in steps]

    @property
    def due_now(self) -> frozenset[str]:
        """The channels that owe something at once."""
        return frozenset(step.channel for _, _, step in self.deliveries if not step.reason and step.delay == 0)

    def insert(self, notification: Notification, held: work.Work, *, cursor: str, finished: bool) -> list[_Born]:
        """Items, counters and deliveries of those who have no item yet, and the progress made. Returns what is visible."""
        subscribers, items, locales, hidden = zip(*self.items, strict=True) if self.items else ((), (), (), ())
        steps = [step for _, _, step in self.deliveries]
        arguments: dict[str, Any] = {
            "tenant": notification.tenant_id,
            "notification": notification.id,
            "category": notification.category,
            "expires_at": notification.expires_at,
            "lane": lane_of(notification),
            "at": held.at,
            "work": held.id,
            "cursor": cursor,
            "finished": finished,
            "subscribers": list(subscribers),
            "items": list(items),
            "locales": list(locales),
            "hidden": list(hidden),
            "d_ids": [uuid7() for _ in steps],
            "d_items": [item_id for item_id, _, _ in self.deliveries],
            "d_absents": [absent for _, absent, _ in self.deliveries],
            "d_channels": [step.channel for step in steps],
            "d_steps": [step.step for step in steps],
            "d_delays": [step.delay for step in steps],
            "d_afters": [step.after for step in steps],
            "d_levels": [step.cancel_level for step in steps],
            "d_reasons": [step.reason for step in steps],
        }
        statement = _INSERT.format(told=_PROCESSED if held.heard and finished else outbox.NOTHING)
        with connection.cursor() as db:
            db.execute(statement, arguments)
            rows = db.fetchall()
        outbox.tell(rows[0][6] if rows else 0)
        return [_Born(row[0], row[1], row[2], row[3], Counts(row[4], row[5])) for row in rows if row[3] is not None]
