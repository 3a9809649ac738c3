"""A hub that has been used for 90 days, made by a dozen statements: nine rows in ten are of one tenant or its busiest user.

Rows are named by number: `id_of(time, number)` is a UUIDv7, so that a statement knows the ids of another's rows.
Columns that are not named here take their model's default: a new column needs no change.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import NOT_PROVIDED, JSONField, Model
from django.db.models.fields.generated import GeneratedField
from psycopg.types.json import Jsonb

from hub.audience.models import Stream, Subscriber, Topic, TopicMember
from hub.content.models import EventType
from hub.fallback.models import Attempt, Delivery, DeliveryDestination
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.preferences.models import Preference
from hub.tenancy.models import Tenant

TENANTS = 20  # the first has four fifths of everything
CYCLE = 95  # a notification and a subscriber are of one tenant when their numbers agree modulo this
EVENTS = ("order.shipped", "comment.created", "invoice.due", "build.failed", "login.new")
RARE = "contract.ended"  # one notification in 2,000
CONTENT = {"title": "Something happened", "body": "And this is what it was.", "html": "", "data": {"n": 1}}
CONTENT |= {"actor": None, "action_url": "/somewhere", "actions": []}

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION pg_temp.id_of(at bigint, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(at), 12, '0') || '7' || lpad(to_hex(n & 4095), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;
CREATE OR REPLACE FUNCTION pg_temp.tenant_of(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN n % 5 < 4 THEN 0 ELSE 1 + (n / 5) % 19 END $$;
CREATE OR REPLACE FUNCTION pg_temp.mixed(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ((n * 2654435761) % 4294967296) >> 8 $$;
"""


@dataclass(frozen=True)
class Size:
    """How many rows there are of what."""

    items: int

    @property
    def notifications(self) -> int:
        return self.items // 5

    @property
    def subscribers(self) -> int:
        return self.items // 20 // CYCLE * CYCLE

    @property
    def busiest(self) -> int:
        """Items of the busiest subscriber, number 0."""
        return self.items // 10

    @property
    def spread(self) -> int:
        """Items that are neither the busiest subscriber's nor of the notification to everybody."""
        return self.items - self.busiest - self.subscribers * 4 // 5


def fill(size: Size) -> None:
    """Make the rows; the tables must be empty. Statistics are fresh afterwards."""
    with connection.cursor() as db:
        db.execute("SET statement_timeout = 0")
        db.execute(_FUNCTIONS)
        db.execute("SELECT (extract(epoch FROM now() - interval '90 days') * 1000)::bigint")
        began = db.fetchone()[0]
    maker = _Maker(began, 90 * 86_400_000 // (size.notifications + 1))
    maker.people(size)
    maker.said(size)
    maker.received(size)
    maker.owed(size)
    with connection.cursor() as db:
        db.execute("VACUUM ANALYZE")


@dataclass(frozen=True)
class _Maker:
    """Notification m was made at `began + m * step`, in milliseconds."""

    began: int
    step: int

    def people(self, size: Size) -> None:
        tenant = self._id("pg_temp.tenant_of(n)", "0")
        _insert(Tenant, TENANTS, id=self._id("n", "0"), slug="'tenant-' || n", name="'Tenant ' || n")
        kind = {"id": self._id("n", "0"), "tenant_id": self._id(f"n % {TENANTS}", "0"), "key": "'event.' || n"}
        _insert(EventType, 10 * TENANTS, **kind)
        own = {"id": self._id("n", "0"), "tenant_id": tenant}
        names = {"external_id": "'user-' || n", "name": "'User ' || n", "email": "'user-' || n || '@example.com'"}
        _insert(Subscriber, size.subscribers, **own, **names)
        stream = {"subscriber_id": own["id"], "tenant_id": tenant, "last_seq": str(4 * size.items)}
        _insert(Stream, size.subscribers, **stream, epoch="'00000000'", unseen="3", unread="7")
        cell = {"subscriber_id": self._id("n", "0"), "category": "'comment'", "channel": "'email'", "enabled": "false"}
        _insert(Preference, size.subscribers // 10, id=own["id"], tenant_id=tenant, **cell)
        topics = size.subscribers // 50
        _insert(Topic, topics, **own, key="'topic-' || n", name="'Topic ' || n")
        topic = f"n % {topics}"
        member = {"topic_id": self._id(topic, "0"), "tenant_id": self._id(f"pg_temp.tenant_of({topic})", "0")}
        _insert(TopicMember, size.subscribers, id=own["id"], subscriber_id=self._id("n", "0"), **member)

    def said(self, size: Size) -> None:
        event = f"CASE WHEN n % 2000 = 7 THEN '{RARE}' ELSE (ARRAY{list(EVENTS)})[1 + pg_temp.mixed(n) % 5] END"
        status = "CASE WHEN n % 500 = 3 THEN 'cancelled' WHEN n % 1000 = 4 THEN 'scheduled' ELSE 'processed' END"
        _insert(
            Notification,
            size.notifications + 1,
            id=self._id("n", "n"),
            tenant_id=self._id("pg_temp.tenant_of(n)", "0"),
            event=event,
            category=f"split_part({event}, '.', 1)",
            status=status,
            priority="(ARRAY['low', 'normal', 'normal', 'high'])[1 + n % 4]",
            cancel_key="CASE WHEN n % 10 = 0 THEN 'key-' || n ELSE '' END",
            group_key="CASE WHEN n % 7 = 0 THEN 'group-' || n % 1000 ELSE '' END",
            template="CASE WHEN n % 3 = 0 THEN 'template-' || n % 30 ELSE '' END",
            tags="CASE WHEN n % 3 = 0 THEN ARRAY['weekly'] ELSE ARRAY[]::varchar[] END",
            audience="""'{"to": ["somebody"]}'::jsonb""",
            content=Jsonb(CONTENT),
            creator="'code'",
            created_at=self._time("n"),
            processed_at=self._time("n"),
            recipients="5",
        )

    def received(self, size: Size) -> None:
        """Spread over everybody; then much for the busiest; then one notification, the last, for everybody of its tenant."""
        m = f"(n % {size.notifications})"
        somebody = f"({m} % {CYCLE} + {CYCLE} * (pg_temp.mixed(n) % {size.subscribers // CYCLE}))"
        self._items(size.spread, number="n", notification=m, subscriber=somebody)
        theirs = f"(n / 4 * 5 + n % 4 + {size.notifications - size.busiest * 5 // 4 - 5})"
        theirs = f"({theirs} / 5 * 5 + n % 4)"
        self._items(size.busiest, number=f"(n + {size.items})", notification=theirs, subscriber="0")
        last = str(size.notifications)
        everybody = "(n / 4 * 5 + n % 4)"
        everyone = size.subscribers * 4 // 5
        self._items(everyone, number=f"(n + {2 * size.items})", notification=last, subscriber=everybody)

    def owed(self, size: Size) -> None:
        """A delivery for three items in five, with its address and its call where there was one."""
        state = """CASE WHEN i.seq % 50 = 12 THEN 'dead' WHEN i.seq % 5000 = 11 THEN 'claimed'
            WHEN i.seq % 20 = 2 THEN 'waiting' WHEN i.seq % 20 < 8 THEN 'sent' WHEN i.seq % 20 < 15 THEN 'cancelled'
            ELSE 'skipped' END"""
        reason = """CASE s.state WHEN 'dead' THEN (ARRAY['ambiguous', 'address_dead', 'retries_exhausted'])[1 + i.seq % 3]
            WHEN 'cancelled' THEN 'read' WHEN 'skipped' THEN 'no_destination' ELSE '' END"""
        source = (
            f"hub_inboxitem i CROSS JOIN LATERAL (SELECT {state} AS state) s WHERE i.seq IS NOT NULL AND i.seq % 5 < 3"
        )
        same = {name: f"i.{name}" for name in ("id", "tenant_id", "notification_id", "subscriber_id", "created_at")}
        _insert(
            Delivery,
            source,
            **same,
            item_id="i.id",
            channel="CASE WHEN i.seq % 10 < 7 THEN 'email' ELSE 'push' END",
            lane="CASE WHEN i.seq % 3 = 0 THEN 'high' ELSE 'bulk' END",
            step="0",
            state="s.state",
            reason=reason,
            due_at="i.created_at + interval '10 minutes'",
            after="600",
            absent="false",
            cancel_level="3",
            lease_until="CASE s.state WHEN 'claimed' THEN now() + interval '1 minute' END",
            finished_at="CASE WHEN s.state NOT IN ('waiting', 'claimed') THEN i.created_at + interval '11 minutes' END",
        )
        tried = "hub_delivery d WHERE d.state IN ('sent', 'dead')"
        outcome = "CASE d.state WHEN 'sent' THEN 'sent' ELSE 'failed' END"
        call = {"id": "d.id", "tenant_id": "d.tenant_id"}
        address = "'user@example.com'"
        _insert(DeliveryDestination, tried, **call, delivery_id="d.id", address=address, outcome=outcome)
        times = {"started_at": "d.created_at", "finished_at": "d.created_at"}
        _insert(Attempt, tried, **call, **times, destination_id="d.id", fence="1", provider="'smtp'", outcome=outcome)

    def _items(self, count: int, *, number: str, notification: str, subscriber: str) -> None:
        hidden = f"{number} % 50 = 0"
        seq = f"CASE WHEN NOT {hidden} THEN {number} END"
        at = self._time(notification)
        _insert(
            InboxItem,
            count,
            id=self._id(number, notification),
            tenant_id=self._id(f"pg_temp.tenant_of({notification})", "0"),
            notification_id=self._id(notification, notification),
            subscriber_id=self._id(subscriber, "0"),
            category=f"(ARRAY{[event.partition('.')[0] for event in EVENTS]})[1 + pg_temp.mixed({notification}) % 5]",
            seq=seq,
            surfaced_seq=seq,
            created_at=at,
            hidden_reason=f"CASE WHEN {hidden} THEN 'preference_off' ELSE '' END",
            seen_at=f"CASE WHEN {number} % 10 < 6 THEN {at} END",
            read_at=f"CASE WHEN {number} % 10 < 5 THEN {at} END",
            archived_at=f"CASE WHEN {number} % 7 = 0 THEN {at} END",
            snoozed_until=f"CASE WHEN {number} % 97 = 1 THEN now() + interval '1 day' END",
            deleted_at=f"CASE WHEN {number} % 53 = 1 THEN {at} END",
        )

    def _id(self, number: str, moment: str) -> str:
        """Of row `number`, made when notification `moment` was."""
        return f"pg_temp.id_of({self.began} + ({moment}) * {self.step}::bigint, {number})"

    def _time(self, notification: str) -> str:
        return f"to_timestamp(({self.began} + ({notification}) * {self.step}::bigint) / 1000.0)"


def _insert(model: type[Model], source: int | str, **columns: Any) -> None:
    """Rows n = 0 …, or of the FROM clause `source`. Columns: SQL, or a value that is no text; else the model's default."""
    values = {**_defaults(model, columns), **columns}
    clause = f"generate_series(0, {source - 1}::bigint) AS n" if isinstance(source, int) else source
    texts = [value.replace("%", "%%") if isinstance(value, str) else "%s" for value in values.values()]
    arguments = [value for value in values.values() if not isinstance(value, str)]
    clause = clause.replace("%", "%%")
    statement = f"INSERT INTO {model._meta.db_table} ({', '.join(values)}) SELECT {', '.join(texts)} FROM {clause}"
    with connection.cursor() as db:
        db.execute(f"{statement} ON CONFLICT DO NOTHING", arguments)


def _defaults(model: type[Model], named: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        left_out = field.column in named or isinstance(field, GeneratedField) or field.null
        if left_out or field.db_default is not NOT_PROVIDED:
            continue
        default = field.get_default()
        found[field.column] = Jsonb(default) if isinstance(field, JSONField) else f"'{default}'"
        if isinstance(default, bool | int | list):
            found[field.column] = str(default).lower() if not isinstance(default, list) else "'{}'"
    return found
