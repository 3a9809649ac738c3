"""What a template would say: filled as a notification would be, and sent to nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.content.locales import best, check_locale
from hub.content.models import Template
from hub.content.overrides import FIELDS
from hub.content.parts import published_parts
from hub.content.render import render
from hub.content.sources import uses
from hub.content.templates import get_template
from hub.content.versions import get_version
from hub.exceptions import InvalidRequest
from hub.policy.segments import segments
from hub.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Preview:
    """`locale`: the language that was found, "" for the default. `content`, `bodies`: as a notification has them. `segments`:
    how many SMS its text message takes, before an account cuts it."""

    locale: str
    content: dict[str, Any]
    bodies: dict[str, dict[str, Any]]

    @property
    def segments(self) -> int:
        said = self.content | self.bodies.get("sms", {})
        return segments((said["body"] or said["title"]).strip())


def preview(
    *,
    tenant: Tenant,
    key: str,
    number: int | None = None,
    locale: str = "",
    data: Mapping[str, Any] | None = None,
    actor: Mapping[str, Any] | None = None,
) -> Preview:
    """The draft of a message, or its version `number`, filled with `data` (without: its example) for a reader of `locale`, in
    the app and for every channel that it has words for.

    Raises NotFound, and InvalidRequest naming every variable that is missing.
    """
    template = get_template(tenant=tenant, key=key)
    if template.kind != Template.Kind.MESSAGE:
        raise InvalidRequest.on("key", f"Is a {template.kind}: preview a message that is made with it.")
    content = get_version(template, number).content if number else template.content
    language = best(check_locale(locale, field="locale"), content.get("locales", {})) if locale else ""
    rendered = render(
        tenant=tenant,
        template=content,
        parts=published_parts(tenant=tenant, keys=uses(content)),
        locale=language,
        channels=FIELDS,
        data=content.get("example") if data is None else data,
        actor=actor,
    )
    said, bodies = rendered.whole()
    return Preview(language, said, bodies)
