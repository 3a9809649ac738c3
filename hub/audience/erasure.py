"""Forgetting a subscriber: whatever the record holds about them goes, what was sent to others stays."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.db import connection, models, transaction

from hub import live
from hub.audience.addresses import bare_id
from hub.audience.locks import hold_fan_outs
from hub.audience.models import Subscriber
from hub.exceptions import NotFound
from hub.notifications.models import Notification
from hub.suppression.services import forget_addresses
from hub.tenancy.models import Tenant


@transaction.atomic
def erase_subscriber(*, tenant: Tenant, external_id: str) -> None:
    """Remove a subscriber with everything that is about them, and their name from every `to`.

    A notification that was for nobody else goes too. So do the kept answers to writes about them: such a write, sent
    again with its idempotency key, is done again. Raises NotFound.
    """
    hold_fan_outs(tenant.pk)
    subscriber = _lock(tenant, external_id)
    alone = _leave_audiences(subscriber)
    _delete(Notification, alone)
    _forget_answers(subscriber, alone)
    forget_addresses(tenant_id=tenant.pk, email=subscriber.email, phone=subscriber.phone)
    _rename_in_admin_log(subscriber)
    _delete(Subscriber, [subscriber.pk])
    transaction.on_commit(partial(live.recheck, subscribers=[subscriber.pk]), robust=True)


def _lock(tenant: Tenant, external_id: str) -> Subscriber:
    """Nobody changes, marks or sends to them from here on."""
    subscriber = Subscriber.objects.select_for_update().filter(tenant=tenant, external_id=external_id).first()
    if subscriber is None:
        raise NotFound("There is no such subscriber.")
    with connection.cursor() as db:
        db.execute("SELECT FROM hub_stream WHERE subscriber_id = %s FOR UPDATE", [subscriber.pk])
        db.execute(
            "SELECT FROM hub_delivery d JOIN hub_inboxitem i ON i.id = d.item_id WHERE i.subscriber_id = %s "
            "ORDER BY d.id FOR UPDATE OF d",
            [subscriber.pk],
        )
    return subscriber


# Who was served has an item. Who was not is named in a notification that is waiting, was cancelled, or leaves them out.
# A fan-out that has begun starts again: its cursor may be their name, and who was served is not served twice.
_LEAVE = """
WITH named AS (
    SELECT notification_id AS id FROM hub_inboxitem WHERE subscriber_id = %(pk)s
    UNION SELECT notification_id FROM hub_fanout WHERE tenant_id = %(tenant)s AND done_at IS NULL
    UNION SELECT id FROM hub_notification
          WHERE tenant_id = %(tenant)s AND (cancelled_at IS NOT NULL OR audience ? 'except')
), locked AS MATERIALIZED (
    SELECT n.id FROM hub_notification n JOIN named USING (id) WHERE n.audience @> ANY(%(patterns)s::jsonb[])
    ORDER BY n.id FOR NO KEY UPDATE OF n
), changed AS (
    UPDATE hub_notification n SET audience = {left} FROM locked l WHERE n.id = l.id
    RETURNING n.id, n.audience - 'except' = '{{"to": []}}' AS alone
), again AS (
    UPDATE hub_fanout f SET cursor = '', error = '' FROM changed c WHERE f.notification_id = c.id AND f.done_at IS NULL
)
SELECT id FROM changed WHERE alone
"""
_LEFT = """
(SELECT COALESCE(jsonb_agg(e ORDER BY o), '[]') FROM jsonb_array_elements({names}) WITH ORDINALITY AS t(e, o)
 WHERE COALESCE(e->>'external_id', '') <> %(who)s AND e <> ALL(%(entries)s::jsonb[]))
"""


def _leave_audiences(subscriber: Subscriber) -> list[UUID]:
    """Take them out of every audience. Returns the notifications that named nobody else."""
    to, excluded = (_LEFT.format(names=f"n.audience{path}") for path in ("->'to'", "#>'{except,to}'"))
    left = f"jsonb_set(jsonb_set(n.audience, '{{to}}', {to}, false), '{{except,to}}', {excluded}, false)"
    arguments: dict[str, Any] = {
        "pk": subscriber.pk,
        "tenant": subscriber.tenant_id,
        "patterns": _patterns(subscriber),
        "who": subscriber.external_id,
        "entries": [_json(entry) for entry in _entries(subscriber)],
    }
    with connection.cursor() as db:
        db.execute(_LEAVE.format(left=left), arguments)
        return [row[0] for row in db.fetchall()]


def _entries(subscriber: Subscriber) -> list[Any]:
    """What stands for them alone in a stored audience: their id, or the bare address that they are."""
    named = subscriber.external_id.partition(":")[2]
    addresses = {"email": {subscriber.email, named}, "phone": {subscriber.phone, named}}
    bare = [{kind: one} for kind, found in addresses.items() for one in found - {""}]
    return [subscriber.external_id, *(entry for entry in bare if bare_id(entry) == subscriber.external_id)]


def _patterns(subscriber: Subscriber) -> list[str]:
    """What a stored audience contains when it names them."""
    entries = [*_entries(subscriber), {"external_id": subscriber.external_id}]
    return [_json({"to": [entry]}) for entry in entries] + [_json({"except": {"to": [subscriber.external_id]}})]


_FORGET = """
DELETE FROM hub_idempotency WHERE tenant_id = %(tenant)s AND (
    principal = %(principal)s
    OR jsonb_path_exists(response, '$.** ? (@.subscriber == $who || @.external_id == $who || @.to == $who)',
                         jsonb_build_object('who', %(who)s::text))
    OR EXISTS (SELECT FROM jsonb_path_query(response, '$.**.id') AS found(id) WHERE found.id #>> '{}' = ANY(%(ids)s))
)
"""


def _forget_answers(subscriber: Subscriber, alone: Sequence[UUID]) -> None:
    """The kept answers that they got, or that speak of them or of a notification that was for them alone."""
    arguments: dict[str, Any] = {
        "tenant": subscriber.tenant_id,
        "principal": f"subscriber:{subscriber.pk}",
        "who": subscriber.external_id,
        "ids": [subscriber.external_id, *map(str, alone)],
    }
    with connection.cursor() as db:
        db.execute(_FORGET, arguments)


def _rename_in_admin_log(subscriber: Subscriber) -> None:
    """Who changed them stays on record, under the hub's own id."""
    if apps.is_installed("django.contrib.admin"):
        entries = apps.get_model("admin", "LogEntry")._default_manager.filter(object_id=str(subscriber.pk))
        about = entries.filter(content_type__app_label="hub", content_type__model="subscriber")
        about.update(object_repr=str(subscriber.pk))


def _delete(model: type[models.Model], ids: Sequence[UUID]) -> None:
    """Delete rows after everything that hangs on them: a statement a table, and no row is loaded."""
    with connection.cursor() as db:
        for statement in _statements(model, str(model._meta.pk.column), "= ANY(%s)"):
            db.execute(statement, [list(ids)])


def _statements(model: type[models.Model], column: str, chosen: str) -> Iterator[str]:
    """What deletes the rows of `model` whose `column` is `chosen`, what points at them first. All names are our own."""
    table, key = model._meta.db_table, model._meta.pk.column
    inner = f'IN (SELECT "{key}" FROM "{table}" WHERE "{column}" {chosen})'  # noqa: S608
    for relation in model._meta.related_objects:
        below, at = relation.related_model, str(relation.field.column)
        if relation.on_delete is models.CASCADE:
            yield from _statements(below, at, inner)
        elif relation.on_delete is models.SET_NULL:
            yield f'UPDATE "{below._meta.db_table}" SET "{at}" = NULL WHERE "{at}" {inner}'  # noqa: S608
    yield f'DELETE FROM "{table}" WHERE "{column}" {chosen}'  # noqa: S608


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
