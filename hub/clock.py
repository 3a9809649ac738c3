"""The one clock: the database's. Python's own is never compared with a stored instant."""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """The database's present instant, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


def iso(instant: datetime | None) -> str | None:
    """ISO-8601 in UTC with milliseconds, as every answer and frame spells an instant."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
