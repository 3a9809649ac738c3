"""Attempts go on record before a provider is called: what is called without being on record can't be recovered."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from hub.rows import records


class Begun(NamedTuple):
    """An attempt that is about to be made. `destination_id`: of the destination, if it is new. `provider`: the label of the
    account."""

    destination_id: UUID
    attempt_id: UUID
    tenant_id: UUID
    delivery_id: UUID
    address: str
    fence: int
    provider: str


# An address that was tried before keeps its row; updating it is what makes RETURNING name it.
_BEGIN = """
WITH begun AS (
    SELECT * FROM json_to_recordset(%s) AS b(destination_id uuid, attempt_id uuid, tenant_id uuid, delivery_id uuid,
        address text, fence int, provider text)
), held AS MATERIALIZED (
    SELECT d.id FROM begun b JOIN hub_delivery d ON d.id = b.delivery_id AND d.fence = b.fence AND d.state = 'claimed'
    WHERE d.lease_until > now() ORDER BY d.id FOR NO KEY UPDATE OF d
), placed AS (
    INSERT INTO hub_deliverydestination (id, tenant_id, delivery_id, address, provider_message_id, outcome, fate)
    SELECT destination_id, tenant_id, delivery_id, address, '', 'pending', '' FROM begun
    WHERE delivery_id IN (SELECT id FROM held)
    ON CONFLICT (delivery_id, address) DO UPDATE SET address = excluded.address RETURNING id, delivery_id, address
), attempted AS (
    INSERT INTO hub_attempt (id, tenant_id, destination_id, fence, provider, outcome, code, answer)
    SELECT b.attempt_id, b.tenant_id, p.id, b.fence, b.provider, '', '', ''
    FROM begun b JOIN placed p ON p.delivery_id = b.delivery_id AND p.address = b.address
)
SELECT delivery_id, address, id FROM placed
"""


def begin(attempts: Sequence[Begun]) -> dict[tuple[UUID, str], UUID]:
    """Put each destination and its attempt on record, in one statement. Returns the destinations' ids, of those deliveries that
    are still claimed under their fences."""
    with connection.cursor() as db:
        db.execute(_BEGIN, [records(attempt._asdict() for attempt in attempts)])
        return {(delivery_id, address): destination_id for delivery_id, address, destination_id in db.fetchall()}
