"""Putting addresses on the suppression list, and taking them off."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from hub.exceptions import NotFound
from hub.ids import uuid7
from hub.suppression.digests import digest_of
from hub.suppression.models import Suppression
from hub.tenancy.crypto import encrypted
from hub.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Entry:
    """An address, in its one spelling, that is not to be written to any more. `source`: who said so; `at`: when, None: now."""

    tenant_id: UUID
    channel: str
    address: str
    reason: str
    source: str
    at: datetime | None = None

    @property
    def digest(self) -> str:
        """What it is recognised by."""
        return digest_of(self.tenant_id, self.channel, self.address)


_SUPPRESS = """
INSERT INTO hub_suppression (id, tenant_id, channel, digest, address, reason, source, created_at)
SELECT e.id, e.tenant_id, e.channel, e.digest, e.address, e.reason, e.source, COALESCE(e.at, now())
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
    AS e(id, tenant_id, channel, digest, address, reason, source, at)
ON CONFLICT (tenant_id, channel, digest) WHERE lifted_at IS NULL DO UPDATE SET reason = excluded.reason,
    source = excluded.source, address = excluded.address
WHERE hub_suppression.reason = 'unsubscribe' AND excluded.reason <> 'unsubscribe'
"""


def suppress(entries: Sequence[Entry]) -> int:
    """Write to these addresses no more. Returns for how many that is new, or weightier than before.

    The first reason stays, but for `unsubscribe`, which lets pass what is required: any other takes its place.
    """
    # in one order, so that two callers with the same addresses wait for each other instead of deadlocking
    last = {entry.digest: entry for entry in sorted(entries, key=lambda entry: entry.reason != "unsubscribe")}
    ordered = [last[digest] for digest in sorted(last)]
    columns: list[list[Any]] = [
        [uuid7() for _ in ordered],
        [entry.tenant_id for entry in ordered],
        [entry.channel for entry in ordered],
        sorted(last),
        [encrypted(entry.address) for entry in ordered],
        [entry.reason for entry in ordered],
        [entry.source[:100] for entry in ordered],
        [entry.at for entry in ordered],
    ]
    with connection.cursor() as db:
        db.execute(_SUPPRESS, columns)
        return int(db.rowcount)


def lift(*, tenant: Tenant, channel: str, address: str) -> None:
    """Write to an address again. Raises NotFound when it is not on the list."""
    digest = digest_of(tenant.pk, channel, address)
    found = Suppression.objects.filter(tenant=tenant, channel=channel, digest=digest, lifted_at=None)
    if not found.update(lifted_at=Now()):
        raise NotFound("This address is not on the list.")


def resume(*, tenant_ids: Collection[UUID], channel: str, address: str, said_at: datetime) -> None:
    """Their owner has answered START, which was heard at `said_at`: what only an earlier STOP kept off is written to again."""
    digests = [digest_of(tenant_id, channel, address) for tenant_id in tenant_ids]
    stopped = Suppression.objects.filter(digest__in=digests, reason=Suppression.Reason.STOP, lifted_at=None)
    stopped.filter(created_at__lt=said_at).update(lifted_at=Now())


def lift_all(*, tenant: Tenant, suppression_ids: Sequence[UUID]) -> int:
    """Take these off a tenant's list. Returns how many were on it."""
    return Suppression.objects.filter(tenant=tenant, pk__in=suppression_ids, lifted_at=None).update(lifted_at=Now())


def forget_addresses(*, tenant_id: UUID, email: str, phone: str) -> None:
    """Keep of an erased subscriber's addresses the digests alone, so that they are recognised if they are named again."""
    digests = [digest_of(tenant_id, channel, one) for channel, one in (("email", email), ("sms", phone)) if one]
    Suppression.objects.filter(tenant=tenant_id, digest__in=digests).update(address=None)
