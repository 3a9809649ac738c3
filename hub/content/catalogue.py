"""What requests name, an event type and a template each, read at once for all of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hub.content.keys import is_key
from hub.content.models import EventType, Template
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant

Named = TypeVar("Named", EventType, Template)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Event types and templates by key."""

    event_types: Mapping[str, EventType]
    templates: Mapping[str, Template]

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

    def content(self, key: str, event_type: EventType | None) -> dict[str, Any]:
        """What is said by default: the template's content, else that of the event type. Raises InvalidRequest of
        `template`."""
        if not key:
            own: dict[str, Any] = event_type.template if event_type else {}
            return own
        found = self.templates.get(key)
        if found is None:
            raise InvalidRequest.on(
                "template", f"there is no template {key!r}; make it with PUT /templates", "not_found"
            )
        content: dict[str, Any] = found.content
        return content


def catalogue(*, tenant: Tenant, events: Collection[Any], templates: Collection[Any]) -> Catalogue:
    """What has these keys, in at most one query for the event types and one for the templates."""
    return Catalogue(_by_key(EventType, tenant, events), _by_key(Template, tenant, templates))


def _by_key(model: type[Named], tenant: Tenant, keys: Collection[Any]) -> dict[str, Named]:
    wanted = {key for key in keys if is_key(key)}
    return {found.key: found for found in model.objects.filter(tenant=tenant, key__in=wanted)} if wanted else {}
