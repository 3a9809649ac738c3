"""Event types: kinds of notification, made at run time."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, QuerySet

from hub.conf import Ladder
from hub.content.keys import check_key
from hub.content.models import EventType, Template
from hub.content.sources import check_words
from hub.content.values import check_text
from hub.exceptions import Conflict, FieldError, InvalidRequest, NotFound
from hub.policy import ladder
from hub.tenancy.models import Tenant


def event_types(*, tenant: Tenant, category: str | None = None, active: bool | None = None) -> QuerySet[EventType]:
    """The tenant's event types; those of one category, or switched on or off, where that is given."""
    chosen = {"category": category, "active": active}
    return EventType.objects.filter(tenant=tenant, **{k: v for k, v in chosen.items() if v is not None})


def get_event_type(*, tenant: Tenant, key: str) -> EventType:
    """The tenant's event type `key`, active or not. Raises NotFound."""
    found = EventType.objects.filter(tenant=tenant, key=key).first()
    if found is None:
        raise NotFound("There is no such event type.")
    return found


def create_event_type(*, tenant: Tenant, key: str, **fields: Any) -> EventType:
    """A new event type, with the fields of `upsert_event_type`. Raises Conflict when the key is taken."""
    check_key(key, field="key")
    checked = _checked(tenant, fields)
    found, created = EventType.objects.get_or_create(tenant=tenant, key=key, defaults=checked)
    if not created:
        raise Conflict(f"There is already an event type {key}.")
    found.refresh_from_db(fields=["created_at"])
    return found


def upsert_event_type(*, tenant: Tenant, key: str, **fields: Any) -> EventType:
    """Make or change an event type; fields that are not given stay as they are.

    Fields: name, category, required, default_on, ladder, template, active. Raises InvalidRequest naming what is wrong.
    """
    check_key(key, field="key")
    changes = _checked(tenant, fields)
    found, created = EventType.objects.update_or_create(tenant=tenant, key=key, defaults=changes)
    if created:
        found.refresh_from_db(fields=["created_at"])
    return found


def delete_event_type(*, tenant: Tenant, key: str) -> None:
    """Remove an event type that nothing was sent with; one that was used can only be switched off."""
    found = get_event_type(tenant=tenant, key=key)
    try:
        with transaction.atomic():
            found.delete()
    except ProtectedError as error:
        raise Conflict("Notifications were sent with this event type: set active to false instead.") from error


def check_ladder(value: Any) -> Ladder:
    """`value` as a ladder: a list of `{"channel", "after": seconds, "unless"?}`, each channel at most once."""
    errors = [
        FieldError(f"ladder.{path}".rstrip("."), "invalid", f"{message}.") for path, message in ladder.problems(value)
    ]
    if errors:
        raise InvalidRequest("The ladder is not valid.", errors)
    steps: Ladder = value
    return steps


def check_default_template(tenant: Tenant, value: object) -> dict[str, Any] | str:
    """`value` as what an event type says by default: words, or the key of a message. Raises InvalidRequest."""
    if not isinstance(value, str):
        return check_words(value)
    if not Template.objects.filter(tenant=tenant, key=value, kind=Template.Kind.MESSAGE).exists():
        raise InvalidRequest.on("", f"There is no template {value!r}; make it with PUT /templates.", "not_found")
    return value


def _check_template(tenant: Tenant, value: object) -> dict[str, Any] | str:
    try:
        return check_default_template(tenant, value)
    except InvalidRequest as error:
        raise error.under("template") from None


def _checked(tenant: Tenant, fields: dict[str, Any]) -> dict[str, Any]:
    checks: dict[str, Callable[[Any], Any]] = {
        "name": lambda value: check_text(value, field="name", limit=200),
        "category": lambda value: check_key(value, field="category"),
        "required": lambda value: _flag(value, field="required"),
        "default_on": lambda value: _flag(value, field="default_on"),
        "active": lambda value: _flag(value, field="active"),
        "ladder": check_ladder,
        "template": partial(_check_template, tenant),
    }
    unknown = fields.keys() - checks.keys()
    if unknown:
        raise InvalidRequest.on(min(unknown), "There is no such field.", "unknown_field")
    return {name: checks[name](value) for name, value in fields.items()}


def _flag(value: object, *, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest.on(field, "Must be true or false.", "type")
    return value
