"""What requests name, an event type and a template each, read at once for all of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hub.content.keys import is_key
from hub.content.models import EventType, Template, TemplateVersion
from hub.content.parts import PublishedParts, published_parts
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Source:
    """What is said by default: the content of a template, its key, and the version that it is, if it has these."""

    content: Mapping[str, Any]
    key: str = ""
    version: TemplateVersion | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Event types and templates by key, and the layouts and partials that the templates are made of."""

    event_types: Mapping[str, EventType]
    templates: Mapping[str, Template]
    parts: PublishedParts

    def event_type(self, key: str) -> EventType | None:
        """The event type that may be sent; None without a key. Raises InvalidRequest of `event`."""
        if not key:
            return None
        found = self.event_types.get(key)
        if found is None:
            raise InvalidRequest.on(
                "event", f"there is no event type {key!r}; make it with PUT /event-types", "not_found"
            )
        if not found.active:
            raise InvalidRequest.on("event", f"the event type {key!r} is not active", "inactive")
        return found

    def source(self, key: str, event_type: EventType | None) -> Source:
        """The template's published version: of the one with that key, else of the event type's own, which may be words alone.
        Raises InvalidRequest of `template`."""
        own = event_type.template if event_type else {}
        key = key or (own if isinstance(own, str) else "")
        if not key:
            return Source(own)
        found = self.templates.get(key)
        if found is None or found.kind != Template.Kind.MESSAGE:
            raise InvalidRequest.on(
                "template", f"there is no template {key!r}; make it with PUT /templates", "not_found"
            )
        if found.published is None:
            raise InvalidRequest.on(
                "template", f"the template {key!r} is a draft; POST /templates/{key}/publish", "inactive"
            )
        return Source(found.published.content, key, found.published)


def catalogue(*, tenant: Tenant, events: Collection[Any], templates: Collection[Any]) -> Catalogue:
    """What has these keys, in one query for the event types, one for the templates, and a few for what they are made of:
    none where nothing is named."""
    event_keys = _keys(events)
    types = list(EventType.objects.filter(tenant=tenant, key__in=event_keys)) if event_keys else []
    template_keys = _keys([*templates, *(one.template for one in types)])
    found = _templates(tenant, template_keys) if template_keys else {}
    uses = {key for template in found.values() if template.published for key in template.published.uses}
    return Catalogue({found.key: found for found in types}, found, published_parts(tenant=tenant, keys=uses))


def _templates(tenant: Tenant, keys: Collection[str]) -> dict[str, Template]:
    rows = Template.objects.filter(tenant=tenant, key__in=keys).select_related("published")
    return {row.key: row for row in rows}


def _keys(named: Collection[Any]) -> set[str]:
    return {key for key in named if is_key(key)}
