"""Subscribers: made on first use, and changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction

from hub.audience.addresses import MAX_ID, bare_id, normal_email, normal_phone
from hub.audience.models import Stream, Subscriber
from hub.audience.profile import EMPTY, changed, check_profile
from hub.content.values import check_text
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant

# rows a statement: PostgreSQL takes 65,535 parameters
ROWS = 1_000


def check_external_id(value: object, *, field: str) -> str:
    """`value` as a subscriber's external id: 1 to 255 printable characters."""
    text = check_text(value, field=field, limit=MAX_ID)
    if not text or not text.isprintable():
        raise InvalidRequest.on(field, "A subscriber's id has 1 to 255 printable characters.", "required")
    return text


def ensure_subscribers(*, tenant: Tenant, external_ids: Sequence[str], field: str = "to") -> dict[str, UUID]:
    """The ids of these subscribers by external id; who is unknown is made, with a stream. Safe to call at once."""
    wanted = {check_external_id(external_id, field=field) for external_id in external_ids}
    found = _ids(tenant, wanted)
    missing = sorted(wanted - found.keys())
    return found | _make(tenant, missing) if missing else found


def ensure_address(*, tenant: Tenant, email: str = "", phone: str = "") -> Subscriber:
    """The subscriber behind a bare address, `mailto:<address>` or `tel:<number>`: made on first use, marked `bare`."""
    if bool(email) == bool(phone):
        raise InvalidRequest.on("to", "Give either an email or a phone.")
    fields = {"email": normal_email(email)} if email else {"phone": normal_phone(phone)}
    external_id = bare_id(fields)
    found = Subscriber.objects.filter(tenant=tenant, external_id=external_id).first()
    if found is None:
        _make(tenant, [external_id], bare=True, **fields)
        found = Subscriber.objects.get(tenant=tenant, external_id=external_id)
    return found


def upsert_subscriber(
    *, tenant: Tenant, external_id: str, replace: bool = False, user: AbstractBaseUser | None = None, **fields: Any
) -> Subscriber:
    """Make or change a subscriber; fields that are not given stay as they are, or are emptied with `replace`.

    Fields: name, email, phone, locale, timezone, attributes; `user` links a Django user. Whoever is named so is no
    longer a bare address. Raises InvalidRequest naming the field that is wrong.
    """
    wanted = (check_external_id(external_id, field="id"), check_profile(fields))
    with transaction.atomic():
        (saved,) = save_profiles(tenant=tenant, changes=[wanted], replace=replace)
        if saved.error is not None:
            raise saved.error
        if user is not None:
            Subscriber.objects.filter(pk=saved.subscriber.pk).update(user=user)
            saved.subscriber.user = user  # type: ignore[assignment]  # of AUTH_USER_MODEL, whichever that is
    return saved.subscriber


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of one change of a profile. With an `error` nothing was changed."""

    subscriber: Subscriber
    created: bool
    error: InvalidRequest | None = None


@transaction.atomic
def save_profiles(
    *, tenant: Tenant, changes: Sequence[tuple[str, Mapping[str, Any]]], replace: bool = False
) -> list[Saved]:
    """Make or change any number of subscribers, in a few statements. `changes`: external ids with what `check_profile` gave.

    One result each, in order; who is named twice is changed twice.
    """
    rows, made = _locked(tenant, {external_id for external_id, _ in changes})
    results = []
    for external_id, wanted in changes:
        row = rows[external_id]
        error = _change(row, wanted, replace)
        results.append(Saved(row, external_id in made, error))
        made.discard(external_id)
    _write(list(rows.values()))
    return results


def _change(row: Subscriber, wanted: Mapping[str, Any], replace: bool) -> InvalidRequest | None:
    """Change a row in memory, or say why not."""
    try:
        profile = changed(EMPTY if replace else {name: getattr(row, name) for name in EMPTY}, wanted)
    except InvalidRequest as error:
        return error
    for name, value in profile.items():
        setattr(row, name, value)
    row.bare = False
    return None


def _locked(tenant: Tenant, external_ids: set[str]) -> tuple[dict[str, Subscriber], set[str]]:
    """These subscribers by external id, locked in the order of their ids, and who of them is new."""
    made: set[str] = set()
    rows: dict[str, Subscriber] = {}
    # once, unless somebody is erased between the two reads
    while rows.keys() != external_ids:
        missing = sorted(external_ids - _ids(tenant, external_ids).keys())
        made.update(missing)
        if missing:
            _make(tenant, missing)
        found = Subscriber.objects.filter(tenant=tenant, external_id__in=external_ids).order_by("pk")
        rows = {row.external_id: row for row in found.select_for_update(no_key=True)}
    for row in rows.values():
        row.tenant = tenant
    return rows, made


_WRITE = """
UPDATE hub_subscriber s SET name = v.name, email = v.email, phone = v.phone, locale = v.locale, timezone = v.timezone,
    attributes = v.attributes::jsonb, bare = v.bare
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bool[])
    AS v(id, name, email, phone, locale, timezone, attributes, bare)
WHERE s.id = v.id
"""


def _write(rows: Sequence[Subscriber]) -> None:
    columns: list[list[Any]] = [[getattr(row, name) for row in rows] for name in EMPTY if name != "attributes"]
    documents = [orjson.dumps(row.attributes).decode() for row in rows]
    with connection.cursor() as db:
        db.execute(_WRITE, [[row.pk for row in rows], *columns, documents, [row.bare for row in rows]])


def _ids(tenant: Tenant, external_ids: Collection[str]) -> dict[str, UUID]:
    with connection.cursor() as db:
        db.execute(
            "SELECT external_id, id FROM hub_subscriber WHERE tenant_id = %s AND external_id = ANY(%s)",
            [tenant.pk, list(external_ids)],
        )
        return dict(db.fetchall())


def _make(tenant: Tenant, external_ids: Sequence[str], **fields: Any) -> dict[str, UUID]:
    """Insert in sorted order, so that two callers wait for each other instead of deadlocking; whoever loses reads."""
    with transaction.atomic():
        Subscriber.objects.bulk_create(
            [Subscriber(tenant=tenant, external_id=external_id, **fields) for external_id in external_ids],
            batch_size=ROWS,
            ignore_conflicts=True,
        )
        made = _ids(tenant, external_ids)
        Stream.objects.bulk_create(
            [Stream(subscriber_id=pk, tenant=tenant) for pk in sorted(made.values())],
            batch_size=ROWS,
            ignore_conflicts=True,
        )
    return made
