"""Publishing: a draft becomes a version that is never changed, and is said from then on, or an old one is brought back."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from hub.content.budget import CHECK_SECONDS, budget
from hub.content.layouts import keep_default_layout
from hub.content.models import Template, TemplateVersion
from hub.content.overrides import FIELDS
from hub.content.parts import PublishedParts, published_parts
from hub.content.render import render
from hub.content.samples import samples
from hub.content.sources import uses
from hub.content.templates import lock_template
from hub.content.values import check_text
from hub.exceptions import FieldError, InvalidRequest, NotFound
from hub.tenancy.models import Tenant

MAX_NUMBER = 2**31 - 1


def get_version(template: Template, number: int) -> TemplateVersion:
    """One version of a template. Raises NotFound."""
    found = template.versions.filter(number=number).first()
    if found is None:
        raise NotFound("There is no such version.")
    return found


@transaction.atomic
def publish(*, tenant: Tenant, key: str, creator: str, note: str = "") -> TemplateVersion:
    """Say the draft from now on, as a new version.

    It is filled first, in every language and for every channel: with its example, and with the least and the most that its
    schema allows. Raises NotFound, InvalidRequest naming each variable that can be missing, and each partial, and Conflict for
    what the tenant's default layout would not work with.
    """
    template = lock_template(tenant=tenant, key=key)
    named = uses(template.content)
    has = published_parts(tenant=tenant, keys=named)
    _check_parts(named, has)
    if template.kind == Template.Kind.MESSAGE:
        _check_filled(tenant, template.content, has)
    return _say(template, content=template.content, uses=list(named), note=note, creator=creator)


@transaction.atomic
def roll_back(*, tenant: Tenant, key: str, number: int, creator: str, note: str = "") -> TemplateVersion:
    """Say what version `number` said, as a new version, so that the list tells what was said when. The draft stays.

    Raises NotFound, and Conflict as `publish` does.
    """
    template = lock_template(tenant=tenant, key=key)
    old = get_version(template, number)
    return _say(template, content=old.content, uses=old.uses, note=note, creator=creator, restores=number)


def _say(template: Template, *, note: str, **fields: Any) -> TemplateVersion:
    last = TemplateVersion.objects.filter(template=template).aggregate(last=Max("number"))["last"] or 0
    version = TemplateVersion.objects.create(
        tenant_id=template.tenant_id,
        template=template,
        number=last + 1,
        note=check_text(note, field="note", limit=500),
        **fields,
    )
    template.published = version
    template.save(update_fields=["published"])
    if template.kind != Template.Kind.MESSAGE:
        keep_default_layout(template.tenant)
    version.refresh_from_db(fields=["created_at"])
    return version


def _check_parts(named: Mapping[str, str], has: PublishedParts) -> None:
    missing = [
        FieldError(field, "not_found", f"There is no {key} that is published as a layout or partial.")
        for key, field in named.items()
        if key not in has.contents
    ]
    if missing:
        raise InvalidRequest(" ".join(error.message for error in missing), missing)


def _check_filled(tenant: Tenant, content: Mapping[str, Any], has: PublishedParts) -> None:
    """Raise InvalidRequest for what goes wrong when a message is filled with what it says may come."""
    errors: dict[tuple[str, str], FieldError] = {}
    with budget(CHECK_SECONDS):
        for error in _wrong(tenant, content, has):
            errors.setdefault((error.field, error.code), error)
    if errors:
        raise InvalidRequest(" ".join(error.message for error in list(errors.values())[:3]), list(errors.values()))


def _wrong(tenant: Tenant, content: Mapping[str, Any], has: PublishedParts) -> Iterator[FieldError]:
    """An example must do in everything; what is made from the schema is held to its variables alone, since a real address
    or a short title can't be made up."""
    example = content.get("example")
    made = [(example, True)] if example is not None else []
    made += [(data, False) for data in samples(content.get("schema", {}))]
    # without its schema: what is made up is as it says, but for formats and lengths
    bare = {name: value for name, value in content.items() if name != "schema"}
    actor = {"id": "alice", "name": "Alice", "avatar_url": "https://example.com/a.png"}
    for data, strict in made:
        for locale in ("", *content.get("locales", {})):
            filled = render(
                tenant=tenant,
                template=content if strict else bare,
                parts=has,
                locale=locale,
                channels=FIELDS,
                data=data,
                actor=actor,
            )
            found = (error for one in filled.wrong.values() for error in one.errors)
            yield from (error for error in found if strict or error.code == "missing_variable")
