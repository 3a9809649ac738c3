"""What an operator may do with deliveries."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from hub.fallback import reasons
from hub.fallback.models import Delivery
from hub.ids import uuid7
from hub.tenancy.models import Tenant

# Only the latest generation can be replayed, and only once it has ended: two clicks, or two operators, are one replay.
# Who asks for a second copy of what was sent means it, read or not; a dead letter is still pointless once it was read.
_REPLAY = """
INSERT INTO hub_delivery (id, tenant_id, notification_id, item_id, subscriber_id, channel, lane, step, generation,
    state, reason, due_at, after, absent, cancel_level, attempts, unknowns, fence, postponed, created_at)
SELECT r.new_id, d.tenant_id, d.notification_id, d.item_id, d.subscriber_id, d.channel, d.lane, d.step,
    d.generation + 1,
    'waiting', '', now(), d.after, d.absent, CASE WHEN d.state = 'sent' THEN 4 ELSE d.cancel_level END,
    0, 0, 0, true, now()
FROM unnest(%(ids)s::uuid[], %(new_ids)s::uuid[]) AS r(id, new_id) JOIN hub_delivery d ON d.id = r.id
WHERE d.tenant_id = %(tenant)s AND d.state IN ('dead', 'sent')
ON CONFLICT (item_id, channel, generation) DO NOTHING
"""


def replay(*, tenant: Tenant, delivery_ids: Collection[UUID]) -> int:
    """Send dead or sent deliveries again, each as a new generation that is due now. Returns how many.

    Those of another tenant, in another state, or replayed already are passed over.
    """
    ids = list(set(delivery_ids))
    with connection.cursor() as db:
        db.execute(_REPLAY, {"ids": ids, "new_ids": [uuid7() for _ in ids], "tenant": tenant.id})
        return int(db.rowcount)


def mark_dead(*, tenant: Tenant, delivery_ids: Collection[UUID]) -> int:
    """Give waiting deliveries up. One that is being sent at this moment is passed over. Returns how many."""
    with transaction.atomic():
        waiting = Delivery.objects.filter(tenant=tenant, id__in=delivery_ids, state=Delivery.State.WAITING)
        locked = list(waiting.order_by("id").select_for_update(skip_locked=True).values_list("id", flat=True))
        return Delivery.objects.filter(id__in=locked).update(
            state=Delivery.State.DEAD, reason=reasons.OPERATOR, finished_at=Now()
        )
