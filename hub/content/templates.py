"""Templates: what notifications say, by name. What was accepted is rendered already, so a change touches only what comes."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from hub.content.keys import check_key
from hub.content.liquid import MAX_SOURCE, check_template_source
from hub.content.models import Template
from hub.content.render import MAX_ACTIONS
from hub.content.values import check_text
from hub.exceptions import Conflict, InvalidRequest, NotFound
from hub.tenancy.models import Tenant

TEXTS = ("title", "body", "html", "action_url")
CONTENT = (*TEXTS, "actions")
# what a template can speak of
VARIABLES = frozenset({"data", "actor", "tenant"})
_ACTION = {"key", "label", "url"}


def get_template(*, tenant: Tenant, key: str) -> Template:
    """The tenant's template. Raises NotFound."""
    found = Template.objects.filter(tenant=tenant, key=key).first()
    if found is None:
        raise NotFound("There is no such template.")
    return found


@transaction.atomic
def create_template(*, tenant: Tenant, key: str, **fields: Any) -> Template:
    """A new template, with the fields of `change_template`. Raises Conflict when the key is taken."""
    check_key(key, field="key")
    found, created = Template.objects.get_or_create(tenant=tenant, key=key)
    if not created:
        raise Conflict(f"There is already a template {key}.")
    return _change(found, fields)


@transaction.atomic
def replace_template(*, tenant: Tenant, key: str, **fields: Any) -> Template:
    """Make a template, or replace it: what is not given is emptied."""
    check_key(key, field="key")
    found, _ = Template.objects.select_for_update().get_or_create(tenant=tenant, key=key)
    found.name, found.content = "", {}
    return _change(found, fields)


@transaction.atomic
def change_template(*, tenant: Tenant, key: str, **fields: Any) -> Template:
    """Change what is given: name, title, body, html, action_url, actions; empty takes it away.

    Raises NotFound, and InvalidRequest naming the field that is wrong.
    """
    found = Template.objects.select_for_update().filter(tenant=tenant, key=key).first()
    if found is None:
        raise NotFound("There is no such template.")
    return _change(found, fields)


def delete_template(*, tenant: Tenant, key: str) -> None:
    """Remove a template. Nothing that was accepted needs it any more; a request that still names it is refused."""
    deleted, _ = Template.objects.filter(tenant=tenant, key=key).delete()
    if not deleted:
        raise NotFound("There is no such template.")


def check_template(value: object) -> dict[str, Any]:
    """`value` as the content of a template: Liquid for `title`, `body`, `html`, `action_url` and the parts of `actions`.

    Every part must compile. Raises InvalidRequest with fields such as `title` or `actions.0.label`.
    """
    if not isinstance(value, dict):
        raise InvalidRequest.on("", "Must be an object.", "type")
    for name, source in value.items():
        if name == "actions":
            _check_actions(source)
        elif name in TEXTS:
            _check_source(source, field=name)
        else:
            raise InvalidRequest.on(str(name)[:100], "There is no such field.", "unknown_field")
    return value


def _change(found: Template, fields: Mapping[str, Any]) -> Template:
    if "name" in fields:
        found.name = check_text(fields["name"], field="name", limit=200)
    given = check_template({name: value for name, value in fields.items() if name != "name"})
    found.content = {name: value for name, value in (found.content | given).items() if value}
    if not found.content.keys() & {"title", "body", "html"}:
        raise InvalidRequest.on("title", "A template needs a title, a body or html.", "required")
    found.updated_at = Now()
    found.save()
    found.refresh_from_db(fields=["created_at", "updated_at"])
    return found


def _check_actions(actions: object) -> None:
    if not isinstance(actions, list) or len(actions) > MAX_ACTIONS:
        raise InvalidRequest.on("actions", f"Must be a list of {MAX_ACTIONS} actions at most.", "type")
    for number, action in enumerate(actions):
        if not isinstance(action, dict) or not {"key", "label"} <= action.keys() <= _ACTION:
            raise InvalidRequest.on(f"actions.{number}", "Must be an object of key, label and, if it leads away, url.")
        for part, source in action.items():
            _check_source(source, field=f"actions.{number}.{part}")


def _check_source(source: object, *, field: str) -> None:
    text = check_text(source, field=field, limit=MAX_SOURCE, control=True)
    check_template_source(text, field=field, variables=VARIABLES, escape=field == "html")
