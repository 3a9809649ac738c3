"""What a template is made of, checked when it is written: every part must compile, and speak of what there can be."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from hub.content.budget import CHECK_SECONDS, budget
from hub.content.keys import check_key
from hub.content.liquid import MAX_SOURCE, check_template_source, partials_of
from hub.content.locales import MAX_LOCALES, check_locale
from hub.content.models import Template
from hub.content.overrides import FIELDS
from hub.content.render import MAX_ACTIONS, MAX_DATA, NO_LAYOUT
from hub.content.schema import check_schema
from hub.content.values import check_text, known_object, plain_object
from hub.exceptions import InvalidRequest

TEXTS = ("title", "body", "html", "action_url")
MAX_CONTENT = 512 * 1024
# what a template can speak of
VARIABLES = frozenset({"data", "actor", "tenant", "branding"})
_ACTION = {"key", "label", "url"}
_MESSAGE = (*TEXTS, "actions", "layout", "channels", "locales", "schema", "example")
_SHARED = ("html", "body")
Kind = Template.Kind


def check_content(value: object, kind: str = Kind.MESSAGE) -> dict[str, Any]:
    """`value` as the content of a template: Liquid for `title`, `body`, `html`, `action_url` and the parts of `actions`; for a
    message also `layout` (the key of one, or `none`), `channels` (channel → its fields), `locales` (language → any of this),
    `schema` and `example`.

    Raises InvalidRequest with fields such as `title`, `actions.0.label` or `locales.pt.channels.sms.body`.
    """
    content = known_object(value, field="", known=_MESSAGE if kind == Kind.MESSAGE else (*_SHARED, "locales"))
    sizes = {name: len(orjson.dumps(part)) for name, part in content.items()}
    if sum(sizes.values()) > MAX_CONTENT:
        raise InvalidRequest.on(
            max(sizes, key=sizes.__getitem__), f"A template has at most {MAX_CONTENT} bytes.", "too_long"
        )
    with budget(CHECK_SECONDS):
        checked = _said(content, "", kind)
        if "locales" in content:
            checked["locales"] = _locales(content["locales"], kind)
    if content.get("layout", "") != "":
        checked["layout"] = check_key(content["layout"], field="layout")
    if "schema" in content:
        checked["schema"] = check_schema(content["schema"])
    if content.get("example") is not None:
        checked["example"] = plain_object(content["example"], field="example", limit=MAX_DATA)
    return {name: value for name, value in checked.items() if value or name == "example"}


def check_words(value: object) -> dict[str, Any]:
    """`value` as the words of an event type's own template: those of a message, in one language, for every channel."""
    return _said(known_object(value, field="", known=(*TEXTS, "actions")), "", Kind.MESSAGE)


def sources(content: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every piece of Liquid in a content, with its field."""
    for name in TEXTS:
        if content.get(name):
            yield f"{path}{name}", content[name]
    for number, action in enumerate(content.get("actions", ())):
        yield from ((f"{path}actions.{number}.{part}", source) for part, source in action.items())
    for channel, fields in content.get("channels", {}).items():
        yield from ((f"{path}channels.{channel}.{name}", source) for name, source in fields.items())
    for locale, said in content.get("locales", {}).items():
        yield from sources(said, f"{path}locales.{locale}.")


def uses(content: Mapping[str, Any]) -> dict[str, str]:
    """The partials and the layout that a content names, each with the field that does."""
    layout = content.get("layout", "")
    found = {layout: "layout"} if layout not in ("", NO_LAYOUT) else {}
    for field, source in sources(content):
        found |= dict.fromkeys(partials_of(source, field=field, escape=is_html(field)), field)
    return found


def is_html(field: str) -> bool:
    """Whether values are escaped in this field."""
    return field.rpartition(".")[2] == "html"


def _said(content: Mapping[str, Any], path: str, kind: str) -> dict[str, Any]:
    said: dict[str, Any] = {name: _source(content[name], path + name, kind) for name in TEXTS if name in content}
    if "actions" in content:
        said["actions"] = _actions(content["actions"], f"{path}actions")
    if "channels" in content:
        said["channels"] = _channels(content["channels"], f"{path}channels")
    return {name: value for name, value in said.items() if value}


def _locales(value: object, kind: str) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > MAX_LOCALES:
        raise InvalidRequest.on("locales", f"Must be an object of {MAX_LOCALES} languages at most.", "type")
    allowed = (*TEXTS, "actions", "channels") if kind == Kind.MESSAGE else _SHARED
    found: dict[str, Any] = {}
    for tag, said in value.items():
        path = f"locales.{tag}"
        locale = check_locale(tag, field=path)
        if locale in found:
            raise InvalidRequest.on(path, f"{locale} is there twice.", "duplicate")
        found[locale] = _said(known_object(said, field=path, known=allowed), f"{path}.", kind)
    return {locale: said for locale, said in found.items() if said}


def _channels(value: object, path: str) -> dict[str, Any]:
    channels = known_object(value, field=path, known=FIELDS)
    checked = {channel: _on(channel, fields, f"{path}.{channel}") for channel, fields in channels.items()}
    return {channel: fields for channel, fields in checked.items() if fields}


def _on(channel: str, value: object, path: str) -> dict[str, str]:
    fields = known_object(value, field=path, known=FIELDS[channel])
    checked = {name: _source(source, f"{path}.{name}", Kind.MESSAGE) for name, source in fields.items()}
    return {name: source for name, source in checked.items() if source}


def _actions(value: object, path: str) -> list[dict[str, str]]:
    if not isinstance(value, list) or len(value) > MAX_ACTIONS:
        raise InvalidRequest.on(path, f"Must be a list of {MAX_ACTIONS} actions at most.", "type")
    for number, action in enumerate(value):
        if not isinstance(action, dict) or not {"key", "label"} <= action.keys() <= _ACTION:
            raise InvalidRequest.on(
                f"{path}.{number}", "Must be an object of key, label and, if it leads away, url.", "type"
            )
        for part, source in action.items():
            _source(source, f"{path}.{number}.{part}", Kind.MESSAGE)
    return value


def _source(source: object, field: str, kind: str) -> str:
    """A partial may speak of whatever it is given."""
    text = check_text(source, field=field, limit=MAX_SOURCE, control=True)
    extra = {Kind.MESSAGE: frozenset(), Kind.LAYOUT: frozenset({"content"})}
    variables = VARIABLES | extra[Kind(kind)] if kind != Kind.PARTIAL else None
    check_template_source(text, field=field, variables=variables, escape=is_html(field))
    return text
