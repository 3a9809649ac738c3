"""Event types: kinds of notification, made at run time."""

import re
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from hub.conf import Ladder
from hub.content.models import EventType
from hub.content.templates import MAX_SOURCE, check_template_source
from hub.content.values import check_text
from hub.exceptions import Conflict, FieldError, InvalidRequest, NotFound
from hub.policy import ladder
from hub.tenancy.models import Tenant

TEMPLATE_FIELDS = ("title", "body", "html", "action_url")
# what a template can speak of
VARIABLES = frozenset({"data", "actor", "tenant"})
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


def event_type(*, tenant: Tenant, key: str) -> EventType:
    """The tenant's event type `key`, while it is active. Raises NotFound."""
    found = get_event_type(tenant=tenant, key=key)
    if not found.active:
        raise NotFound(f"The event type {key} is switched off.")
    found.tenant = tenant
    return found


def get_event_type(*, tenant: Tenant, key: str) -> EventType:
    """The tenant's event type `key`, active or not. Raises NotFound."""
    found = EventType.objects.filter(tenant=tenant, key=key).first()
    if found is None:
        raise NotFound("There is no such event type.")
    return found


def create_event_type(*, tenant: Tenant, key: str, **fields: Any) -> EventType:
    """A new event type, with the fields of `upsert_event_type`. Raises Conflict when the key is taken."""
    check_key(key, field="key")
    checked = _checked(fields)
    found, created = EventType.objects.get_or_create(tenant=tenant, key=key, defaults=checked)
    if not created:
        raise Conflict(f"There is already an event type {key}.")
    found.refresh_from_db(fields=["created_at"])
    return found


def upsert_event_type(*, tenant: Tenant, key: str, **fields: Any) -> EventType:
    """Make or change an event type; fields that are not given stay as they are.

    Fields: name, category, required, ladder, template, active. Raises InvalidRequest naming what is wrong.
    """
    check_key(key, field="key")
    changes = _checked(fields)
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


def check_key(value: object, *, field: str) -> str:
    """`value` as the key of an event type or the name of a category: 1 to 100 letters, digits and `._:-`."""
    text = check_text(value, field=field, limit=100)
    if not _KEY.fullmatch(text):
        raise InvalidRequest.on(field, "1 to 100 letters, digits and . _ : -, beginning with a letter or digit.")
    return text


def check_ladder(value: Any) -> Ladder:
    """`value` as a ladder: a list of `{"channel", "after": seconds, "unless"?}`, each channel at most once."""
    errors = [
        FieldError(f"ladder.{path}".rstrip("."), "invalid", f"{message}.") for path, message in ladder.problems(value)
    ]
    if errors:
        raise InvalidRequest("The ladder is not valid.", errors)
    steps: Ladder = value
    return steps


def check_template(value: object) -> dict[str, str]:
    """`value` as a template: Liquid for `title`, `body`, `html`, `action_url`. Every part must compile."""
    if not isinstance(value, dict):
        raise InvalidRequest.on("template", "Must be an object.", "type")
    for name, source in value.items():
        if name not in TEMPLATE_FIELDS:
            raise InvalidRequest.on(f"template.{name}", "There is no such field.", "unknown_field")
        check_text(source, field=f"template.{name}", limit=MAX_SOURCE, control=True)
        check_template_source(source, field=f"template.{name}", variables=VARIABLES, escape=name == "html")
    return value


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    checks = {
        "name": lambda value: check_text(value, field="name", limit=200),
        "category": lambda value: check_key(value, field="category"),
        "required": lambda value: _flag(value, field="required"),
        "active": lambda value: _flag(value, field="active"),
        "ladder": check_ladder,
        "template": check_template,
    }
    unknown = fields.keys() - checks.keys()
    if unknown:
        raise InvalidRequest.on(min(unknown), "There is no such field.", "unknown_field")
    return {name: checks[name](value) for name, value in fields.items()}


def _flag(value: object, *, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest.on(field, "Must be true or false.", "type")
    return value
