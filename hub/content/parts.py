"""Layouts and partials: what a tenant's templates have in common, read as they are published at this instant."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.content.locales import said_in
from hub.content.models import Template
from hub.tenancy.models import Tenant

# how deep partials are within each other, and how many one template can have in all
ROUNDS = 8
MAX_PARTS = 50


@dataclass(frozen=True, slots=True)
class Parts:
    """What can be rendered within a template in one language, by key: within HTML, and within text."""

    html: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PublishedParts:
    """The published content of layouts and partials, by key. `layouts`: which of them are layouts; `default`: the tenant's
    own, empty where it has none."""

    contents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    layouts: Collection[str] = ()
    default: str = ""

    def in_language(self, locale: str) -> Parts:
        """All of it in one language. What has text alone is that in HTML too."""
        said = {key: said_in(content, locale) for key, content in self.contents.items()}
        text = {key: own["body"] for key, own in said.items() if own.get("body")}
        return Parts(html=text | {key: own["html"] for key, own in said.items() if own.get("html")}, text=text)


EMPTY = PublishedParts()


def published_parts(*, tenant: Tenant, keys: Collection[str]) -> PublishedParts:
    """What these keys name and the tenant's default layout, and what those name in turn. A key that is not published is
    left out."""
    found: dict[str, Mapping[str, Any]] = {}
    layouts: set[str] = set()
    wanted = {*keys, tenant.email_layout} - {""}
    for _ in range(ROUNDS):
        if not wanted or len(found) > MAX_PARTS:
            break
        rows = Template.objects.filter(tenant=tenant, key__in=wanted, published__isnull=False)
        rows = rows.exclude(kind=Template.Kind.MESSAGE).select_related("published")
        versions = {row.key: row.published for row in rows}
        layouts |= {row.key for row in rows if row.kind == Template.Kind.LAYOUT}
        found |= {key: version.content for key, version in versions.items() if version}
        wanted = {key for version in versions.values() if version for key in version.uses} - found.keys()
    default = tenant.email_layout if tenant.email_layout in layouts else ""
    return PublishedParts(found, layouts, default) if found else EMPTY
