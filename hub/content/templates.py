"""Templates: drafts that people work on. What is said is the version that was published last."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from hub.content.keys import check_key
from hub.content.layouts import keep_default_layout
from hub.content.models import Template
from hub.content.render import NO_LAYOUT
from hub.content.sources import check_content
from hub.content.values import check_text
from hub.exceptions import Conflict, InvalidRequest, NotFound
from hub.tenancy.models import Tenant

# each kind says something in one of these
_SAYS = {Template.Kind.MESSAGE: ("title", "body", "html")}


def templates(*, tenant: Tenant, kind: str | None = None) -> QuerySet[Template]:
    """The tenant's templates, with what is published of them; of one kind where that is given."""
    found = Template.objects.filter(tenant=tenant).select_related("published")
    return found.filter(kind=kind) if kind else found


def get_template(*, tenant: Tenant, key: str) -> Template:
    """The tenant's template. Raises NotFound."""
    found = templates(tenant=tenant).filter(key=key).first()
    if found is None:
        raise NotFound("There is no such template.")
    return found


def lock_template(*, tenant: Tenant, key: str) -> Template:
    """`get_template`, locked until the end of the transaction."""
    found = Template.objects.select_for_update().filter(tenant=tenant, key=key).first()
    if found is None:
        raise NotFound("There is no such template.")
    return found


@transaction.atomic
def create_template(*, tenant: Tenant, key: str, **fields: Any) -> Template:
    """A new draft, with the fields of `change_template`. Raises Conflict when the key is taken."""
    check_key(key, field="key")
    found, created = Template.objects.get_or_create(tenant=tenant, key=key)
    if not created:
        raise Conflict(f"There is already a template {key}.")
    return _change(found, fields)


@transaction.atomic
def replace_template(*, tenant: Tenant, key: str, **fields: Any) -> Template:
    """Make a draft, or replace it: what is not given is emptied."""
    check_key(key, field="key")
    found, created = Template.objects.select_for_update().get_or_create(tenant=tenant, key=key)
    found.name, found.content = "", {}
    return _change(found, {"kind": found.kind if not created else Template.Kind.MESSAGE, **fields})


@transaction.atomic
def change_template(*, tenant: Tenant, key: str, **fields: Any) -> Template:
    """Change what is given of the draft: name, kind, and the fields of `hub.content.sources`; empty takes one away.

    Raises NotFound, and InvalidRequest naming the field that is wrong.
    """
    return _change(lock_template(tenant=tenant, key=key), fields)


@transaction.atomic
def delete_template(*, tenant: Tenant, key: str) -> None:
    """Remove a template. What was accepted keeps the version that it says; a request that still names it is refused.

    Raises NotFound, and Conflict for what the tenant's default layout is made of.
    """
    deleted, _ = Template.objects.filter(tenant=tenant, key=key).delete()
    if not deleted:
        raise NotFound("There is no such template.")
    keep_default_layout(tenant)


def changed(template: Template) -> bool:
    """Whether the draft is not what is published."""
    return template.published is None or template.published.content != template.content


def _change(found: Template, fields: Mapping[str, Any]) -> Template:
    if "name" in fields:
        found.name = check_text(fields["name"], field="name", limit=200)
    if "kind" in fields:
        found.kind = _kind(found, fields["kind"])
    if found.kind == Template.Kind.LAYOUT and found.key == NO_LAYOUT:
        raise InvalidRequest.on("key", f"{NO_LAYOUT} stands for no layout.")
    given = {name: value for name, value in fields.items() if name not in ("name", "kind")}
    found.content = check_content(found.content | given, found.kind)
    says = _SAYS.get(Template.Kind(found.kind), ("html", "body"))
    if not found.content.keys() & set(says):
        raise InvalidRequest.on(says[0], f"A {found.kind} needs one of {', '.join(says)}.", "required")
    found.updated_at = Now()
    found.save()
    found.refresh_from_db(fields=["created_at", "updated_at"])
    return found


def _kind(found: Template, kind: object) -> str:
    if kind not in Template.Kind.values:
        raise InvalidRequest.on("kind", f"Use one of {', '.join(Template.Kind.values)}.")
    if found.published_id and kind != found.kind:
        raise InvalidRequest.on("kind", f"Was published as a {found.kind}: use another key.")
    return str(kind)
