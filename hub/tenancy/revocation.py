"""Tokens that no longer count, and whether those who are connected may stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hub import live
from hub.audience.services import ensure_subscribers
from hub.inbox.cursors import Cursor
from hub.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody was let in with: a token signed with `key_id`, or the session of the Django user `user_id`."""

    subscriber_id: UUID
    key_id: UUID | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the record says of a credential. `holds`: its key is in use, or its user still linked to the subscriber."""

    head: Cursor
    holds: bool
    valid_after: datetime | None
    suspended: bool


def revoke_tokens(*, tenant: Tenant, external_id: str) -> datetime:
    """Refuse every token of a subscriber that was issued before now, and close the sockets that they opened.

    Returns the instant. An unknown subscriber is made: a token may have been issued that nobody has used yet.
    """
    with transaction.atomic():
        pk = ensure_subscribers(tenant=tenant, external_ids=[external_id], field="subscriber")[external_id]
        with connection.cursor() as db:
            db.execute(
                "UPDATE hub_subscriber SET tokens_valid_after = GREATEST(tokens_valid_after, clock_timestamp()) "
                "WHERE id = %s RETURNING tokens_valid_after",
                [pk],
            )
            instant: datetime = db.fetchone()[0]
        transaction.on_commit(partial(live.recheck, subscribers=[pk]), robust=True)
    return instant


_STANDINGS = """
SELECT c.ord, st.epoch, st.last_seq, k.revoked_at IS NULL AND (k.id IS NOT NULL OR s.user_id::text = c.user_id),
       s.tokens_valid_after, t.status = %s
FROM unnest(%s::int[], %s::uuid[], %s::uuid[], %s::text[]) AS c(ord, subscriber_id, key_id, user_id)
JOIN hub_subscriber s ON s.id = c.subscriber_id
JOIN hub_stream st ON st.subscriber_id = s.id
JOIN hub_tenant t ON t.id = s.tenant_id
LEFT JOIN hub_signingkey k ON k.id = c.key_id
"""


def standings(credentials: Sequence[Credential]) -> list[Standing | None]:
    """For each credential where it stands; None where there is no such subscriber. One query for all."""
    answers: list[Standing | None] = [None] * len(credentials)
    arguments: list[Any] = [
        Tenant.Status.SUSPENDED,
        list(range(len(credentials))),
        [credential.subscriber_id for credential in credentials],
        [credential.key_id for credential in credentials],
        [credential.user_id for credential in credentials],
    ]
    with connection.cursor() as db:
        db.execute(_STANDINGS, arguments)
        for ord_, epoch, last_seq, holds, valid_after, suspended in db.fetchall():
            answers[ord_] = Standing(Cursor(epoch, last_seq), bool(holds), valid_after, suspended)
    return answers
