"""Pushes whose items left the unread: noted by the statement that changes the items, taken by whoever tells the devices.

A note is worth little: a lost one leaves words on a screen until the app is opened, a doubled one says nothing new. So it is
deleted before anybody is called, and no attempt is on record.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from hub.devices.selectors import PushTarget, push_targets
from hub.devices.services import deactivate_gone
from hub.fallback.record import redact
from hub.history import Gone
from hub.providers.accounts import Account, accounts
from hub.rows import ask

CHANNEL = "push"
# seconds for which the notes of a subscriber gather: what is read one by one, or in several changes, goes together, as Apple
# lets through only a few silent pushes an hour
GATHERED = 2.0
# after so many days nobody's screen is expected to show it any more, and no platform keeps it for a device that is off
SHOWN_FOR = 28


def noted(changed: str, left: str) -> str:
    """SQL for a CTE of the statement that changes items: notes those of the CTE `changed` that have left the unread, which
    its expression `left` says, and of which a push may have arrived somewhere."""
    return f"""
        INSERT INTO hub_withdrawal (item_id, tenant_id, subscriber_id, noted_at)
        SELECT DISTINCT d.item_id, d.tenant_id, d.subscriber_id, now()
        FROM {changed} JOIN hub_delivery d ON d.item_id = {changed}.id AND d.channel = '{CHANNEL}'
        WHERE {left} AND d.created_at > now() - interval '{SHOWN_FOR} days' AND EXISTS (
            SELECT FROM hub_deliverydestination p WHERE p.delivery_id = d.id AND p.outcome <> 'failed')
        ON CONFLICT DO NOTHING
    """  # noqa: S608 constants only


class Pushed(NamedTuple):
    """An item that a device may be showing. `collapse`: what its push was collapsed by; empty where the same may stand for
    something that is still unread."""

    item_id: UUID
    collapse: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What one device is to take off its screen, the newest first. `account`: who pushed it; `unread`: how many items the
    subscriber has not read; `at`: when it was taken, by the database's clock."""

    account: Account
    device: PushTarget = field(repr=False)
    tenant: str
    pushed: tuple[Pushed, ...]
    unread: int
    at: datetime


class Taken(NamedTuple):
    """What one `take` took: so many notes, and what follows from them."""

    notes: int
    withdrawals: tuple[Withdrawal, ...]


# Not while the push is on its way: where it has arrived is known when that has come to its end.
_LANDED = f"""NOT EXISTS (
    SELECT FROM hub_delivery d WHERE d.item_id = w.item_id AND d.channel = '{CHANNEL}' AND d.state = 'claimed')
"""
_RIPE = f"""
SELECT w.subscriber_id FROM hub_withdrawal w
WHERE w.noted_at <= now() - %(gathered)s * interval '1 second' AND {_LANDED}
"""  # noqa: S608 constants only
_TAKE = f"""
WITH ripe AS MATERIALIZED ({_RIPE} ORDER BY w.noted_at LIMIT %(limit)s)
DELETE FROM hub_withdrawal WHERE item_id IN (
    SELECT w.item_id FROM hub_withdrawal w WHERE w.subscriber_id IN (SELECT subscriber_id FROM ripe) AND {_LANDED}
    FOR UPDATE SKIP LOCKED
) RETURNING item_id
"""  # noqa: S608 constants only


def is_due() -> bool:
    """Whether `take` would find anything."""
    with connection.cursor() as db:
        db.execute(f"SELECT EXISTS ({_RIPE})", {"gathered": GATHERED})
        return bool(db.fetchone()[0])


def take(limit: int = 500) -> Taken:
    """All notes of the subscribers whose notes are among the `limit` oldest: a withdrawal for each device that was reached,
    is active, and still is theirs."""
    with connection.cursor() as db:
        db.execute(_TAKE, {"gathered": GATHERED, "limit": limit})
        items = [row[0] for row in db.fetchall()]
    reached = _reached(items) if items else []
    return Taken(len(items), tuple(_withdrawals(reached)))


def let_go(dead: Collection[tuple[Withdrawal, str]]) -> int:
    """Push no more to devices of which a provider said, in the word given, that nobody is there. Returns how many were
    active."""
    return deactivate_gone([Gone(one.device.device_id, one.at, redact(word)) for one, word in dead]) if dead else 0


class _Reached(NamedTuple):
    """One item on one device. `shared`: what its push was collapsed by, where others can be too."""

    tenant_id: UUID
    tenant: str
    subscriber_id: UUID
    item_id: UUID
    notification_id: UUID
    device_id: str
    provider: str
    shared: str | None
    unread: int
    at: datetime


_SHARED = "COALESCE(NULLIF(n.overrides #>> '{push,collapse_id}', ''), NULLIF(n.group_key, ''))"
# what is unread again by now stays where it is
_REACHED = f"""
SELECT i.tenant_id, t.slug, i.subscriber_id, i.id, n.id, p.address, a.provider, {_SHARED}, s.unread, now()
FROM hub_inboxitem i
JOIN hub_tenant t ON t.id = i.tenant_id AND t.status = 'active'
JOIN hub_notification n ON n.id = i.notification_id
JOIN hub_stream s ON s.subscriber_id = i.subscriber_id
JOIN hub_delivery d ON d.item_id = i.id AND d.channel = '{CHANNEL}'
JOIN hub_deliverydestination p ON p.delivery_id = d.id AND p.outcome IN ('sent', 'unknown')
CROSS JOIN LATERAL (SELECT provider FROM hub_attempt WHERE destination_id = p.id ORDER BY fence DESC LIMIT 1) a
WHERE i.id = ANY(%s) AND NOT (i.visible AND i.read_at IS NULL)
ORDER BY i.id DESC, d.generation
"""  # noqa: S608 constants only


def _reached(items: Collection[UUID]) -> list[_Reached]:
    with connection.cursor() as db:
        db.execute(_REACHED, [list(items)])
        return [_Reached(*row) for row in db.fetchall()]


def _withdrawals(reached: Collection[_Reached]) -> Iterable[Withdrawal]:
    carriers = _carriers({one.tenant_id for one in reached})
    devices = _devices({one.subscriber_id for one in reached})
    held = _held(reached)
    by_device: dict[tuple[UUID, str], list[_Reached]] = {}
    for one in reached:
        by_device.setdefault((one.subscriber_id, one.device_id), []).append(one)
    for place, shown in by_device.items():
        last = shown[0]
        account = carriers.get((last.tenant_id, last.provider))
        if account is not None and place in devices:
            pushed = {one.item_id: Pushed(one.item_id, _collapse(one, held)) for one in shown}
            yield Withdrawal(account, devices[place], last.tenant, tuple(pushed.values()), last.unread, last.at)


def _carriers(tenant_ids: Collection[UUID]) -> dict[tuple[UUID, str], Account]:
    """By tenant and label: another account would not know the token."""
    serving = ask(accounts(CHANNEL, tenant_ids)) if tenant_ids else {}
    return {(tenant_id, account.label): account for tenant_id, own in serving.items() for account in own}


def _devices(subscriber_ids: Collection[UUID]) -> Mapping[tuple[UUID, str], PushTarget]:
    targets = ask(push_targets(subscriber_ids)) if subscriber_ids else {}
    return {(who, str(target.device_id)): target for who, own in targets.items() for target in own}


_HELD = f"""
SELECT DISTINCT i.subscriber_id, {_SHARED} FROM hub_inboxitem i JOIN hub_notification n ON n.id = i.notification_id
WHERE i.subscriber_id = ANY(%s) AND i.visible AND i.read_at IS NULL AND {_SHARED} = ANY(%s)
"""  # noqa: S608 constants only


def _held(reached: Collection[_Reached]) -> set[tuple[UUID, str]]:
    """By subscriber, what may stand for something that is still unread."""
    shared = {(one.subscriber_id, one.shared) for one in reached if one.shared}
    if not shared:
        return set()
    with connection.cursor() as db:
        db.execute(_HELD, [[who for who, _ in shared], [key for _, key in shared]])
        return set(db.fetchall())


def _collapse(one: _Reached, held: Collection[tuple[UUID, str]]) -> str:
    if one.shared is None:
        return one.notification_id.hex
    return "" if (one.subscriber_id, one.shared) in held else one.shared
