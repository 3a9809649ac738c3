"""What each mark does to an item, as SQL. The client's reducer does the same; `tests/contract` holds the two together.

`%(at)s` is the instant of the mark, `%(seq)s` the seq that it takes.
"""

from dataclasses import dataclass

FOCUSED, SEEN, READ, NEVER = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Op:
    """`level`: how much attention it proves, which cancels the waiting deliveries that ask for no more (0: none)."""

    assignments: str
    predicate: str
    level: int


OPS = {
    "seen": Op("seen_at = %(at)s", "i.seen_at IS NULL", SEEN),
    "read": Op("read_at = %(at)s, seen_at = COALESCE(i.seen_at, %(at)s)", "i.read_at IS NULL", READ),
    "unread": Op("read_at = NULL, surfaced_seq = %(seq)s", "i.read_at IS NOT NULL", 0),
    "archive": Op("archived_at = %(at)s", "i.archived_at IS NULL", READ),
    "unarchive": Op("archived_at = NULL", "i.archived_at IS NOT NULL", 0),
    "snooze": Op("snoozed_until = %(until)s", "i.snoozed_until IS DISTINCT FROM %(until)s", READ),
    "unsnooze": Op("snoozed_until = NULL", "i.snoozed_until IS NOT NULL", 0),
    "delete": Op("deleted_at = %(at)s", "true", READ),
    "act": Op(
        "acted = %(action)s, acted_at = %(at)s, read_at = COALESCE(i.read_at, %(at)s), "
        "seen_at = COALESCE(i.seen_at, %(at)s)",
        "i.acted = '' AND EXISTS (SELECT FROM hub_notification n LEFT JOIN hub_rendition r "
        "ON r.notification_id = n.id AND r.locale = i.locale, "
        "jsonb_array_elements(COALESCE(r.content, n.content)->'actions') a "
        "WHERE n.id = i.notification_id AND a->>'key' = %(action)s)",
        READ,
    ),
}
REASONS = {FOCUSED: "focused", SEEN: "seen", READ: "read"}
