"""What a tenant's notifications came to, day by day: a day counts what was accepted on it, and what became of that since."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from hub.clock import now
from hub.ids import SKEW, first_id
from hub.tenancy.models import Tenant

MAX_DAYS = 90


@dataclass(slots=True)
class Figures:
    """Of a day, or of all. `items`: visible ones; `deliveries`: how many of each channel and state."""

    notifications: int = 0
    items: int = 0
    seen: int = 0
    read: int = 0
    acted: int = 0
    deliveries: defaultdict[str, defaultdict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def add(self, other: "Figures") -> None:
        """Count the other's as well."""
        for name in ("notifications", "items", "seen", "read", "acted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for channel, states in other.deliveries.items():
            for state, number in states.items():
                self.deliveries[channel][state] += number

    def as_dict(self) -> dict[str, Any]:
        """Its JSON, with rates from 0 to 1 (None of nothing): of the items, and of the deliveries that were tried."""
        return {
            "notifications": self.notifications,
            "items": self.items,
            "seen": self.seen,
            "read": self.read,
            "acted": self.acted,
            "deliveries": self.deliveries,
            "rates": {
                **{name: _rate(getattr(self, name), self.items) for name in ("seen", "read", "acted")},
                "delivered": {channel: _delivered(states) for channel, states in self.deliveries.items()},
            },
        }


# The tenant's notifications since an instant are a range of an index, by the time in their ids.
# Materialised: of a column without statistics the planner expects few days, and groups by hashing instead of sorting.
_ACCEPTED = """
WITH n AS MATERIALIZED (
    SELECT id, (created_at AT TIME ZONE 'UTC')::date AS day FROM hub_notification
    WHERE tenant_id = %(tenant)s AND id >= %(first)s AND created_at >= %(since)s
)
"""
_NOTIFICATIONS = "SELECT day, count(*) FROM n GROUP BY day"
_ITEMS = """
SELECT n.day, count(*), count(i.seen_at), count(i.read_at), count(i.acted_at)
FROM n JOIN hub_inboxitem i ON i.notification_id = n.id WHERE i.hidden_reason = '' GROUP BY n.day
"""
_DELIVERIES = """
SELECT n.day, d.channel, d.state, count(*) FROM n JOIN hub_delivery d ON d.notification_id = n.id
GROUP BY n.day, d.channel, d.state ORDER BY d.channel, d.state
"""


def analytics(*, tenant: Tenant, days: int) -> dict[str, Any]:
    """`{"days": [{"day", …}], "totals": {…}}` of the last `days` UTC days (1 to `MAX_DAYS`), today included, oldest first."""
    today = now().date()
    listed = {today - timedelta(days=back): Figures() for back in reversed(range(days))}
    since = datetime.combine(min(listed), time.min, UTC)
    arguments = {"tenant": tenant.pk, "since": since, "first": first_id(since, -SKEW)}
    for day, notifications in _rows(_NOTIFICATIONS, arguments):
        _of(listed, day).notifications = notifications
    for day, *numbers in _rows(_ITEMS, arguments):
        found = _of(listed, day)
        found.items, found.seen, found.read, found.acted = numbers
    for day, channel, state, number in _rows(_DELIVERIES, arguments):
        _of(listed, day).deliveries[channel][state] = number
    totals = Figures()
    for figures in listed.values():
        totals.add(figures)
    return {
        "days": [{"day": day.isoformat(), **figures.as_dict()} for day, figures in listed.items()],
        "totals": totals.as_dict(),
    }


def _rows(statement: str, arguments: dict[str, Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(_ACCEPTED + statement, arguments)
        return list(db.fetchall())


def _of(listed: dict[date, Figures], day: date) -> Figures:
    """A day that begins while we count is the last one's."""
    return listed.get(day) or listed[max(listed)]


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _delivered(states: dict[str, int]) -> float | None:
    """Of what was tried to its end."""
    sent = states.get("sent", 0)
    return _rate(sent, sent + states.get("dead", 0) + states.get("replayed", 0))
