"""What a notification says to whom: rendered once a language, when the first who reads that is served."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from hub.content.budget import SECONDS, budget
from hub.content.locales import best
from hub.content.models import Rendition, Template
from hub.content.parts import PublishedParts, published_parts
from hub.content.render import render
from hub.exceptions import InvalidRequest
from hub.notifications.models import Notification

# the processor time that all languages of one batch may take together
BATCH_SECONDS = 8 * SECONDS


class Said(Protocol):
    """What a notification says in its default language, as `hub.notifications.models.Notification` has it."""

    @property
    def id(self) -> UUID: ...
    @property
    def content(self) -> dict[str, Any]: ...
    @property
    def bodies(self) -> dict[str, Any]: ...
    @property
    def overrides(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Languages:
    """`of`: the locale of a subscriber → the language that they are told in, "" for the default. `contents`: what is said."""

    of: Mapping[str, str]
    contents: Mapping[str, Mapping[str, Any]]


def languages(notification: Notification, locales: Collection[str]) -> Languages:
    """What who has these locales is told; rendered now, where nobody was told in that language before.

    In the app a language that can't be rendered is the default one; outside, it is a dead letter that says why.
    """
    known = _known(notification) if any(locales) else ()
    of = {locale: best(locale, known) for locale in locales}
    wanted = set(of.values()) - {""}
    found = {row.locale: row for row in _stored(notification, wanted)}
    if missing := wanted - found.keys():
        found |= {row.locale: row for row in _make(notification, missing)}
    contents = {locale: row.content or notification.content for locale, row in found.items()}
    return Languages(of, {"": notification.content} | contents)


def renditions(wanted: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], Rendition]:
    """By notification and language, those that there are."""
    pairs = {pair for pair in wanted if pair[1]}
    if not pairs:
        return {}
    rows = Rendition.objects.filter(
        notification__in={pk for pk, _ in pairs}, locale__in={locale for _, locale in pairs}
    )
    return {(row.notification_id, row.locale): row for row in rows}


def mend(notification: Notification, rendition: Rendition) -> None:
    """Render for its channels, from the version that its template says today, what could not be rendered from its own: the
    template was mended, and the dead letter is sent again. What the app shows stays as it was."""
    template = Template.objects.filter(tenant=notification.tenant, key=notification.template).first()
    if template is None or template.published is None or template.published_id == notification.version_id:
        return
    parts = published_parts(tenant=notification.tenant, keys=template.published.uses)
    fresh = _rendered(notification, template.published.content, rendition.locale, parts)
    said = fresh.content or {}
    rendition.bodies |= {step["channel"]: said | fresh.bodies.get(step["channel"], {}) for step in notification.ladder}
    rendition.problems = fresh.problems
    rendition.save(update_fields=["bodies", "problems"])


def content_for(notification: Said, channel: str, rendition: Rendition | None) -> tuple[dict[str, Any], str]:
    """What is said on a channel, in the language of `rendition` (None: the default): the content, with what the template says
    there instead, and what the request does. And why it can't be sent, "" if it can: it names the variable that is missing."""
    if rendition is None:
        said = notification.content | notification.bodies.get(channel, {})
        problem = ""
    else:
        said = (rendition.content or notification.content) | rendition.bodies.get(channel, {})
        problem = rendition.problems.get("", "") or rendition.problems.get(channel, "")
    return said | notification.overrides.get(channel, {}), problem


def _known(notification: Notification) -> Collection[str]:
    """The languages that it can be said in, apart from the default."""
    return notification.version.content.get("locales", {}) if notification.version else ()


def _stored(notification: Notification, wanted: Collection[str]) -> Iterable[Rendition]:
    return Rendition.objects.filter(notification=notification, locale__in=wanted) if wanted else ()


def _make(notification: Notification, locales: Collection[str]) -> list[Rendition]:
    version = notification.version
    assert version is not None  # noqa: S101  it has languages
    parts = published_parts(tenant=notification.tenant, keys=version.uses)
    with budget(BATCH_SECONDS):
        made = [_rendered(notification, version.content, locale, parts) for locale in sorted(locales)]
    Rendition.objects.bulk_create(made)
    return made


def _rendered(notification: Notification, template: Mapping[str, Any], locale: str, parts: PublishedParts) -> Rendition:
    content = notification.content
    rendition = Rendition(tenant_id=notification.tenant_id, notification=notification, locale=locale)
    try:
        rendered = render(
            tenant=notification.tenant,
            template={name: value for name, value in template.items() if name != "schema"},
            parts=parts,
            locale=locale,
            channels=[step["channel"] for step in notification.ladder],
            given={name: content[name] for name in notification.said},
            actor=content["actor"],
            data=content["data"],
        )
    except InvalidRequest as error:
        rendition.problems = {"": error.message}
        return rendition
    rendition.content, rendition.bodies = rendered.content, rendered.bodies
    rendition.problems = {channel: _why(error) for channel, error in rendered.wrong.items()}
    return rendition


def _why(error: InvalidRequest) -> str:
    return " ".join(f"{one.field}: {one.message}" for one in error.errors)[:500]
