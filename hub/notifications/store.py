"""The rows of what is accepted: one statement, however many, so that notifications and their work are there together or
not at all, even outside a transaction."""

from collections.abc import Sequence
from functools import cache

import orjson
from django.db import connection

from hub.ids import uuid7
from hub.notifications.models import Notification
from hub.webhooks import outbox

_EVENTS = f"""
SELECT n.tenant_id, n.id, NULL::uuid, 'notification.accepted', n.created_at, {outbox.notification_data("n")}
FROM accepted n
"""  # noqa: S608 constants only
_STATEMENT = """
WITH wanted AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS wanted({typed}, work uuid)
), accepted AS (
    INSERT INTO hub_notification ({names}) SELECT {names} FROM wanted RETURNING *
), owed AS ({owed})
INSERT INTO hub_fanout (id, tenant_id, notification_id, operation, part, cursor, due_at, failures, error)
SELECT work, tenant_id, id, 'deliver', 0, '', COALESCE(send_at, now()), 0, '' FROM wanted
RETURNING (SELECT min(created_at) FROM accepted), (SELECT count(*) FROM owed)
"""


def insert(notifications: Sequence[Notification]) -> None:
    """Store these notifications, each with the work of fanning it out."""
    names, statement = _statement()
    rows = [{name: getattr(row, name) for name in names} | {"work": uuid7()} for row in notifications]
    with connection.cursor() as db:
        db.execute(statement, [orjson.dumps(rows).decode()])
        created_at, owed = db.fetchone()
    outbox.tell(owed)
    for row in notifications:
        row.created_at = created_at
        row._state.adding = False


@cache
def _statement() -> tuple[list[str], str]:
    """The columns that are given, and the statement."""
    fields = [field for field in Notification._meta.concrete_fields if field.name != "created_at"]
    names = [field.attname for field in fields]
    typed = [f"{field.attname} {field.db_type(connection)}" for field in fields]
    return names, _STATEMENT.format(names=", ".join(names), typed=", ".join(typed), owed=outbox.owed(_EVENTS))
