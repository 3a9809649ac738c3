"""What a notification says, rendered once a language and the same for every recipient who reads that."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any
from urllib.parse import urljoin

from markupsafe import Markup

from hub.conf import conf
from hub.content.budget import budget
from hub.content.liquid import fill
from hub.content.locales import overlaid, said_in
from hub.content.overrides import FIELDS, MAX_BODY, MAX_HTML, said_on
from hub.content.parts import EMPTY, Parts, PublishedParts
from hub.content.safety import check_html, check_url, clean_html, text_of
from hub.content.schema import check_data
from hub.content.values import check_text, known_object, plain_object
from hub.exceptions import FieldError, InvalidRequest
from hub.tenancy.branding import branding_of
from hub.tenancy.models import Tenant

MAX_TITLE = 500
MAX_DATA = 64 * 1024
MAX_ACTIONS = 5
# what a notification says itself, for every channel
SAID = ("title", "body", "html", "action_url", "actions")
# the layout of a template whose mails have none
NO_LAYOUT = "none"
_BUTTON = "display:inline-block;padding:10px 18px;border-radius:6px;text-decoration:none"
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Rendered:
    """`content` as it is stored: `{title, body, html, data, actor, action_url, actions}`; `bodies`: channel → what it says
    instead. `wrong`: what could not be rendered, by channel; "": the content, which is then None."""

    content: dict[str, Any] | None
    bodies: dict[str, dict[str, Any]]
    wrong: dict[str, InvalidRequest]

    def whole(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Content and bodies. Raises InvalidRequest naming everything that is wrong, each variable once."""
        errors = list(dict.fromkeys(error for one in self.wrong.values() for error in one.errors))
        if self.content is None or errors:
            raise InvalidRequest(" ".join(f"{error.field}: {error.message}" for error in errors[:5]), errors)
        return self.content, self.bodies


def render(
    *,
    tenant: Tenant,
    template: Mapping[str, Any],
    parts: PublishedParts = EMPTY,
    locale: str = "",
    channels: Collection[str] = (),
    given: Mapping[str, Any] | None = None,
    actor: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> Rendered:
    """What a notification says in one language, in the app and on these channels.

    What is `given` (some of SAID) is taken as it is, in every language; what is not comes from `template` (the content of one,
    `{}`: none), filled with `data`, `actor`, `tenant` and its `branding`. HTML is cut down to a safe subset, links are checked.
    Raises InvalidRequest for what is given alone.
    """
    context: dict[str, Any] = {"data": _data(data), "actor": _actor(actor)}
    check_data(template.get("schema", {}), context["data"])
    own = {name: value for name, value in (given or {}).items() if value}
    values = {
        **context,
        "actor": context["actor"] or {},
        "tenant": _shown(tenant),
        "branding": asdict(branding_of(tenant)),
    }
    with budget():
        return _rendered(_Filling(template, own, locale, values, parts), channels, context)


class _Filling:
    """One language of a template, and what it is filled with."""

    def __init__(
        self,
        template: Mapping[str, Any],
        given: Mapping[str, Any],
        locale: str,
        values: Mapping[str, Any],
        of: PublishedParts,
    ) -> None:
        self.given = given
        # what is said literally takes the place of what channels say too
        self.said = overlaid(said_in(template, locale), dict.fromkeys(given, "-"))
        self.values = values
        self.parts: Parts = of.in_language(locale)
        self.layout: str = self.said.get("layout") or of.default or NO_LAYOUT

    def word(self, name: str) -> Any:
        """What is said in general; "" for nothing."""
        if name in self.given:
            return self.given[name]
        source = self.said.get(name, "")
        if name != "actions":
            return self.text(source, name)
        return [
            {part: self.text(text, f"actions.{number}.{part}") for part, text in action.items()}
            for number, action in enumerate(source or ())
        ]

    def text(self, source: str, field: str, *, html: bool | None = None, **more: Any) -> str:
        """`source` filled. Raises InvalidRequest of `field` or of the variable that is missing."""
        html = field.endswith("html") if html is None else html
        partials = self.parts.html if html else self.parts.text
        return fill(source, {**self.values, **more}, field=field, escape=html, partials=partials)

    def mail(self, body: Mapping[str, str], general: Mapping[str, Any]) -> str:
        """The HTML of a mail: its own, else what is said in general, within the layout; "" where there is neither."""
        inner = body.get("html") or ""
        if self.layout == NO_LAYOUT:
            return inner
        if self.layout not in self.parts.html:
            raise InvalidRequest.on("layout", f"There is no layout {self.layout} that is published.", "not_found")
        own = {"html": "", **body} if body.get("body") else body
        inner = inner or _letter({**general, **own}, self.values["branding"])
        return self.text(self.parts.html[self.layout], "layout", html=True, content=Markup(inner))  # noqa: S704  escaped above


def _rendered(filling: _Filling, channels: Collection[str], context: dict[str, Any]) -> Rendered:
    wrong: dict[str, InvalidRequest] = {}
    said = _attempt(lambda: _checked(_each(SAID, filling.word)), "", wrong)
    general = said or dict.fromkeys(SAID, "")
    bodies = {
        channel: body
        for channel in channels
        if channel in FIELDS and (body := _attempt(lambda: _on(channel, filling, general), channel, wrong))  # noqa: B023
    }
    return Rendered(said | context if said else None, bodies, wrong)


def _attempt(
    made: Callable[[], dict[str, Any]], channel: str, wrong: dict[str, InvalidRequest]
) -> dict[str, Any] | None:
    try:
        return made()
    except InvalidRequest as error:
        wrong[channel] = error
        return None


def _on(channel: str, filling: _Filling, general: Mapping[str, Any]) -> dict[str, Any]:
    """What a channel says instead, within its limits."""
    sources = filling.said.get("channels", {}).get(channel, {})
    field = f"channels.{channel}"
    body = _each(tuple(sources), lambda name: filling.text(sources[name], f"{field}.{name}"))
    if channel == "email" and (html := filling.mail(body, general)):
        text = text_of(body["html"])[:MAX_BODY] if body.get("html") else general["body"]
        body |= {"html": html, "body": body.get("body") or text}
    return said_on(channel, body, field=field) if body else {}


def _each(names: Sequence[str], made: Callable[[str], Any]) -> dict[str, Any]:
    """Each of the names as it is made. Raises InvalidRequest with everything that is wrong, every missing variable named."""
    errors: list[FieldError] = []
    found: dict[str, Any] = {}
    for name in names:
        try:
            found[name] = made(name)
        except InvalidRequest as error:
            errors += error.errors
    if errors:
        raise InvalidRequest(" ".join(error.message for error in errors), errors)
    return found


def _letter(said: Mapping[str, Any], brand: Mapping[str, str]) -> str:
    """What is laid out in a mail that has no HTML of its own: a headline, the words, and a button that leads on. A layout says
    by the class where they stand in it."""
    title, link = escape(said["title"]), escape(urljoin(conf.public_url, said["action_url"]))
    headline = f'<h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">{title}</h1>' if title else ""
    look = f"background:{brand['colour']};color:{brand['text_colour']};{_BUTTON}"
    button = f'<p style="margin:24px 0"><a href="{link}" style="{look}">Open</a></p>' if said["action_url"] else ""
    return f'<div class="letter">{headline}{said["html"] or _paragraphs(said["body"])}{button}</div>'


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in re.split(r"\n\s*\n", text) if part.strip())


def _checked(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be said, `{title, body, html, action_url, actions}`, checked and cut down to what is safe."""
    shown_html = clean_html(check_html(said["html"], field="html", limit=MAX_HTML))
    title = _SPACES.sub(" ", check_text(said["title"], field="title", limit=MAX_TITLE, control=True)).strip()
    text = check_text(said["body"], field="body", limit=MAX_BODY, control=True) or text_of(shown_html)[:MAX_BODY]
    if not title and not text:
        raise InvalidRequest.on("title", "A notification needs a title or a body.", "required")
    return {
        "title": title,
        "body": text,
        "html": shown_html,
        "action_url": check_url(said["action_url"], field="action_url") or None,
        "actions": _actions(said["actions"]),
    }


def _shown(tenant: Tenant) -> dict[str, str]:
    return {"slug": tenant.slug, "name": tenant.name}


def _data(data: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if data is None else plain_object(data, field="data", limit=MAX_DATA)


def _actor(actor: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if actor is None:
        return None
    known = known_object(actor, field="actor", known=("id", "name", "avatar_url"))
    if "name" not in known:
        raise InvalidRequest.on("actor.name", "An actor needs a name.", "required")
    checked: dict[str, Any] = {
        name: check_text(known[name], field=f"actor.{name}", limit=255) for name in ("id", "name") if name in known
    }
    if known.get("avatar_url"):
        checked["avatar_url"] = check_url(known["avatar_url"], field="actor.avatar_url", mail=False)
    return checked


def _actions(actions: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    if not isinstance(actions, list | tuple):
        raise InvalidRequest.on("actions", "Must be a list.", "type")
    if len(actions) > MAX_ACTIONS:
        raise InvalidRequest.on("actions", f"At most {MAX_ACTIONS} actions.", "too_long")
    checked = [_action(action, field=f"actions.{index}") for index, action in enumerate(actions)]
    if len({action["key"] for action in checked}) < len(checked):
        raise InvalidRequest.on("actions", "Every action needs a key of its own.", "duplicate")
    return checked


def _action(action: object, *, field: str) -> dict[str, str]:
    known = known_object(action, field=field, known=("key", "label", "url"))
    checked = {}
    for name in ("key", "label"):
        checked[name] = check_text(known.get(name, ""), field=f"{field}.{name}", limit=100)
        if not checked[name]:
            raise InvalidRequest.on(f"{field}.{name}", "Is required.", "required")
    if known.get("url"):
        checked["url"] = check_url(known["url"], field=f"{field}.url")
    return checked
