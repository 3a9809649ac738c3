"""What makes a retry harmless: the answer of a keyed write, kept in the same transaction as its effect."""

from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from hub.conf import conf
from hub.exceptions import InvalidRequest
from hub.ids import uuid7


class KeyReused(InvalidRequest):
    """The key was used before, with another body."""

    code = "idempotency_key_reused"


def recall(tenant_id: UUID | None, principal: str, key: str, body_hash: str) -> Any | None:
    """The stored answer, or None. Raises KeyReused when the key came with another body."""
    found = recall_with_status(tenant_id, principal, key, body_hash)
    return None if found is None else found[1]


def recall_with_status(tenant_id: UUID | None, principal: str, key: str, body_hash: str) -> tuple[int, Any] | None:
    """The stored (HTTP status, answer), or None. Raises KeyReused when the key came with another body.

    `tenant_id` is None for the operator, who belongs to no tenant.
    """
    tenant, of_tenant = ("IS NULL", []) if tenant_id is None else ("= %s", [tenant_id])
    with connection.cursor() as db:
        db.execute(
            "SELECT body_hash, status, response FROM hub_idempotency "  # noqa: S608  one of two constants
            f"WHERE tenant_id {tenant} AND principal = %s AND key = %s AND expires_at > now()",
            [*of_tenant, principal, key],
        )
        row = db.fetchone()
    if row is None:
        return None
    if row[0] != body_hash:
        raise KeyReused("This idempotency key was used with another request; take a new key.")
    return row[1], orjson.loads(row[2]) if isinstance(row[2], str) else row[2]


def remember(tenant_id: UUID | None, principal: str, key: str, body_hash: str, status: int, response: Any) -> None:
    """Keep the answer for `idempotency_ttl`. Call it in the transaction of the effect."""
    with connection.cursor() as db:
        db.execute(
            """
            INSERT INTO hub_idempotency (id, tenant_id, principal, key, body_hash, status, response, expires_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, now() + %s * interval '1 second')
            ON CONFLICT (tenant_id, principal, key) DO UPDATE SET body_hash = EXCLUDED.body_hash,
                status = EXCLUDED.status, response = EXCLUDED.response, expires_at = EXCLUDED.expires_at
            """,
            [
                uuid7(),
                tenant_id,
                principal,
                key,
                body_hash,
                status,
                orjson.dumps(response).decode(),
                conf.idempotency_ttl,
            ],
        )
