"""The one clock: the database's, plus what a sandbox has put its own forward. Python's own is never compared with a stored
instant. Leases, keys, tokens and idempotency keep real time; what a tenant's users wait for keeps the tenant's."""

from datetime import UTC, datetime
from uuid import UUID

from django.db import connection
from django.utils.dateparse import parse_datetime

# The furthest that any tenant's clock is ahead: real time where there is no sandbox, so it bounds an index scan for all.
LATEST = (
    """(now() + (SELECT COALESCE(max(clock_offset), interval '0') FROM hub_tenant WHERE clock_offset > interval '0'))"""
)


def now_of(tenant: str) -> str:
    """SQL: the present instant of the tenant whose id is in the column `tenant`."""
    return f"(now() + (SELECT clock_offset FROM hub_tenant WHERE id = {tenant}))"  # noqa: S608 a column of ours


def due(instant: str, tenant: str) -> str:
    """SQL: the column `instant` has come, by the clock of its tenant. An index on `instant` serves it."""
    return f"({instant} <= {LATEST} AND {instant} <= {now_of(tenant)})"


def now(tenant_id: UUID | None = None) -> datetime:
    """The present instant, in UTC: the database's, or that of a tenant."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp() + COALESCE((SELECT clock_offset FROM hub_tenant WHERE id = %s), interval '0')",
            [tenant_id],
        )
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


def iso(instant: datetime | None) -> str | None:
    """ISO-8601 in UTC with milliseconds, as every answer and frame spells an instant."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def iso_of(instant: str) -> str:
    """SQL: an instant as `iso` spells it."""
    return f"""to_char({instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


def parse_instant(text: str) -> datetime | None:
    """ISO-8601 with its offset as an instant in UTC; None for anything else, and outside of the years 1 to 9999 in UTC."""
    try:
        instant = parse_datetime(text)
        return instant.astimezone(UTC) if instant is not None and instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
