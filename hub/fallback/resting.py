"""Deliveries whose accounts have no room, or whose hours have not come: they wait, at the cost of no attempt."""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from hub.clock import now_of

_REST = f"""
UPDATE hub_delivery d SET state = 'waiting', reason = %s, lease_until = NULL,
    due_at = {now_of("d.tenant_id")} + s.wait * interval '1 second'
FROM unnest(%s::uuid[], %s::float8[]) AS s(id, wait) WHERE d.id = s.id
"""  # noqa: S608 constants only


def rest(waits: Mapping[UUID, float], reason: str) -> None:
    """Let go of these claimed deliveries for so many seconds each."""
    if not waits:
        return
    with connection.cursor() as db:
        db.execute(_REST, [reason, list(waits), list(waits.values())])
