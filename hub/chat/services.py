"""Setting and taking away where somebody is reached in a chat, and letting go of what is gone."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from hub.audience.models import Subscriber
from hub.chat.addresses import checked_address
from hub.chat.models import ChatAddress
from hub.exceptions import NotFound
from hub.history import GONE, Gone, entry, gone_values, noted
from hub.ids import uuid7
from hub.tenancy.crypto import encrypted

_SET = f"""
INSERT INTO hub_chataddress AS d (id, tenant_id, subscriber_id, kind, address, history, created_at, updated_at)
VALUES (%(id)s, %(tenant)s, %(subscriber)s, %(kind)s, %(address)s, jsonb_build_array({entry("registered")}),
    clock_timestamp(), clock_timestamp())
ON CONFLICT (subscriber_id, kind) DO UPDATE SET address = excluded.address, updated_at = clock_timestamp(),
    deactivated_at = NULL,
    history = CASE WHEN d.deactivated_at IS NULL THEN d.history ELSE {noted(entry("registered"))} END
RETURNING id
"""  # noqa: S608 constants only


def set_address(*, subscriber: Subscriber, kind: str, address: object) -> ChatAddress:
    """Reach the subscriber here from now on, also where nobody was reached any more. Raises InvalidRequest."""
    arguments: dict[str, Any] = {
        "id": uuid7(),
        "tenant": subscriber.tenant_id,
        "subscriber": subscriber.pk,
        "kind": kind,
        "address": encrypted(checked_address(kind, address)),
    }
    with connection.cursor() as db:
        db.execute(_SET, arguments)
        return ChatAddress.objects.get(pk=db.fetchone()[0])


def remove_address(*, subscriber: Subscriber, kind: str) -> None:
    """Reach them there no more. Raises NotFound."""
    if not ChatAddress.objects.filter(subscriber=subscriber, kind=kind).delete()[0]:
        raise NotFound("The subscriber has no address in this chat.")


_LET_GO = f"""
WITH found AS (
    SELECT d.id, g.word FROM hub_chataddress d, {GONE}
    WHERE d.id = g.id AND d.updated_at <= g.sent_at AND d.deactivated_at IS NULL ORDER BY d.id FOR UPDATE OF d
)
UPDATE hub_chataddress d SET deactivated_at = clock_timestamp(),
    history = {noted(entry("deactivated", "'gone'", "f.word"))}
FROM found f WHERE d.id = f.id AND d.deactivated_at IS NULL
"""  # noqa: S608 constants only


def deactivate_gone(gone: Sequence[Gone]) -> int:
    """Write to these no more, unless they were set again since. Returns how many were active."""
    with connection.cursor() as db:
        db.execute(_LET_GO, gone_values(gone))
        return int(db.rowcount)
