"""What keeps an erasure and the fan-outs of a tenant apart: an advisory lock, which fan-outs share."""

from uuid import UUID

from django.db import connection

# Its number, of a tenant's id. A fan-out tries to share the lock, and leaves its work to the sweep while it can't.
FAN_OUTS = "hashtextextended('fan-out/' || {tenant}::text, 0)"


def hold_fan_outs(tenant_id: UUID) -> None:
    """Until the transaction ends no batch of the tenant is served. Waits for those that have begun: milliseconds."""
    with connection.cursor() as db:
        db.execute(f"SELECT pg_advisory_xact_lock({FAN_OUTS.format(tenant='%s')})", [tenant_id])
