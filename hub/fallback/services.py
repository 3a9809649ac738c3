"""What an operator may do with deliveries."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from hub.clock import now_of
from hub.exceptions import Conflict
from hub.fallback import reasons
from hub.fallback.lists import Wanted, delivery_ids
from hub.fallback.models import Delivery
from hub.fallback.selectors import get_delivery
from hub.fallback.telling import deliveries_ended
from hub.ids import uuid7
from hub.tenancy.models import Tenant

ENDED = (Delivery.State.DEAD, Delivery.State.SENT)
# Only the latest generation can be replayed, and only once it has ended: two clicks, or two operators, are one replay.
# Who asks for a second copy of what was sent means it, read or not; a dead letter is still pointless once it was read.
_REPLAY = f"""
WITH old AS MATERIALIZED (
    SELECT * FROM hub_delivery WHERE id = ANY(%(ids)s) AND tenant_id = %(tenant)s AND state = ANY(%(states)s)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), fresh AS (
    INSERT INTO hub_delivery (id, tenant_id, notification_id, item_id, subscriber_id, channel, lane, step, generation,
        state, reason, due_at, after, absent, cancel_level, attempts, unknowns, fence, postponed, created_at)
    SELECT r.new_id, d.tenant_id, d.notification_id, d.item_id, d.subscriber_id, d.channel, d.lane, d.step,
        d.generation + 1, 'waiting', '', {now_of("d.tenant_id")}, d.after, d.absent,
        CASE WHEN d.state = 'sent' THEN 4 ELSE d.cancel_level END, 0, 0, 0, true, now()
    FROM unnest(%(ids)s::uuid[], %(new_ids)s::uuid[]) AS r(id, new_id) JOIN old d ON d.id = r.id
    ON CONFLICT (item_id, channel, generation) DO NOTHING RETURNING item_id, channel, generation
), marked AS (
    UPDATE hub_delivery d SET state = 'replayed' FROM fresh f
    WHERE d.item_id = f.item_id AND d.channel = f.channel AND d.generation = f.generation - 1 AND d.state = 'dead'
)
SELECT count(*) FROM fresh
"""  # noqa: S608 constants only


def replay(*, tenant: Tenant, delivery_ids: Collection[UUID], states: Collection[str] = ENDED) -> int:
    """Send deliveries that are in one of `states` again, each as a new generation that is due now. Returns how many.

    Those of another tenant, in another state, or replayed already are passed over. A dead letter becomes `replayed`.
    """
    ids = list(set(delivery_ids))
    arguments: dict[str, Any] = {
        "ids": ids,
        "new_ids": [uuid7() for _ in ids],
        "tenant": tenant.id,
        "states": list(states),
    }
    with connection.cursor() as db:
        db.execute(_REPLAY, arguments)
        return int(db.fetchone()[0])


def retry(*, tenant: Tenant, delivery_id: UUID) -> Delivery:
    """Try a delivery again that is dead, or was skipped: what stopped it may have changed. Returns its next generation.

    Raises NotFound; Conflict for one that was sent, cancelled or retried already, or has not ended.
    """
    old = get_delivery(tenant=tenant, delivery_id=delivery_id)
    if not replay(tenant=tenant, delivery_ids=[old.pk], states=(Delivery.State.DEAD, Delivery.State.SKIPPED)):
        raise Conflict(f"The delivery is {old.state}; only what is dead or skipped can be retried, and once.")
    following = Delivery.objects.get(item_id=old.item_id, channel=old.channel, generation=old.generation + 1)
    return get_delivery(tenant=tenant, delivery_id=following.pk)


def replay_dead_letters(*, tenant: Tenant, wanted: Wanted, limit: int) -> tuple[int, bool]:
    """Replay up to `limit` of the dead letters that are `wanted`. Returns how many, and whether there are more."""
    found = delivery_ids(tenant=tenant, wanted=wanted, limit=limit + 1)
    return replay(tenant=tenant, delivery_ids=found[:limit], states=(Delivery.State.DEAD,)), len(found) > limit


def mark_dead(*, tenant: Tenant, delivery_ids: Collection[UUID]) -> int:
    """Give waiting deliveries up. One that is being sent at this moment is passed over. Returns how many."""
    with transaction.atomic():
        waiting = Delivery.objects.filter(tenant=tenant, id__in=delivery_ids, state=Delivery.State.WAITING)
        locked = list(waiting.order_by("id").select_for_update(skip_locked=True).values_list("id", flat=True))
        number = Delivery.objects.filter(id__in=locked).update(
            state=Delivery.State.DEAD, reason=reasons.OPERATOR, finished_at=Now()
        )
        deliveries_ended(locked)
        return number
