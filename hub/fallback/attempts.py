"""Attempts go on record before a provider is called: what is called without being on record can't be recovered."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from hub.ids import uuid7


class Begun(NamedTuple):
    """An attempt that is about to be made. `provider`: the label of the account."""

    attempt_id: UUID
    tenant_id: UUID
    delivery_id: UUID
    address: str
    fence: int
    provider: str


# An address that was tried before keeps its row; updating it is what makes RETURNING name it.
_BEGIN = """
WITH begun AS (
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::text[])
        AS b(fresh_id, attempt_id, tenant_id, delivery_id, address, fence, provider)
), placed AS (
    INSERT INTO hub_deliverydestination (id, tenant_id, delivery_id, address, provider_message_id, outcome, fate)
    SELECT fresh_id, tenant_id, delivery_id, address, '', 'pending', '' FROM begun
    ON CONFLICT (delivery_id, address) DO UPDATE SET address = excluded.address RETURNING id, delivery_id, address
), attempted AS (
    INSERT INTO hub_attempt (id, tenant_id, destination_id, fence, provider, outcome, code, answer)
    SELECT b.attempt_id, b.tenant_id, p.id, b.fence, b.provider, '', '', ''
    FROM begun b JOIN placed p ON p.delivery_id = b.delivery_id AND p.address = b.address
)
SELECT delivery_id, address, id FROM placed
"""


def begin(attempts: Sequence[Begun]) -> dict[tuple[UUID, str], UUID]:
    """Put each destination and its attempt on record, in one statement. Returns the destinations' ids."""
    columns: list[Any] = [
        [uuid7() for _ in attempts],
        [a.attempt_id for a in attempts],
        [a.tenant_id for a in attempts],
        [a.delivery_id for a in attempts],
        [a.address for a in attempts],
        [a.fence for a in attempts],
        [a.provider for a in attempts],
    ]
    with connection.cursor() as db:
        db.execute(_BEGIN, columns)
        return {(delivery_id, address): destination_id for delivery_id, address, destination_id in db.fetchall()}
