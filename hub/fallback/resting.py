"""Deliveries whose accounts have no room, or whose hours have not come: they wait, at the cost of no attempt."""

from collections.abc import Iterable

from django.db import connection

from hub.clock import now_of
from hub.fallback.holding import held
from hub.fallback.taking import Taken
from hub.rows import records

_REST = f"""
WITH held AS MATERIALIZED ({held("id uuid, fence int, wait float8")})
UPDATE hub_delivery d SET state = 'waiting', reason = %s, lease_until = NULL,
    due_at = {now_of("d.tenant_id")} + s.wait * interval '1 second'
FROM held s WHERE d.id = s.id
"""  # noqa: S608 constants only


def rest(waits: Iterable[tuple[Taken, float]], reason: str) -> None:
    """Let go of these deliveries for so many seconds each, but for those that are not claimed any more."""
    rows = [{"id": due.id, "fence": due.fence, "wait": wait} for due, wait in waits]
    if not rows:
        return
    with connection.cursor() as db:
        db.execute(_REST, [records(rows), reason])
