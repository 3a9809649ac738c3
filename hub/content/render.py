"""What a notification says, rendered once when it is accepted and the same for every recipient."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hub.content.models import EventType
from hub.content.safety import check_url, clean_html, text_of
from hub.content.templates import fill
from hub.content.values import check_text, plain_object
from hub.exceptions import InvalidRequest

MAX_TITLE = 500
MAX_BODY = 10_000
MAX_HTML = 100_000
MAX_DATA = 64 * 1024
MAX_ACTIONS = 5
_SPACES = re.compile(r"\s+")


def render(
    *,
    event_type: EventType | None,
    title: str = "",
    body: str = "",
    html: str = "",
    action_url: str = "",
    actions: Sequence[Mapping[str, Any]] = (),
    actor: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content as it is stored: `{title, body, html, data, actor, action_url, actions}`.

    What is given is taken as it is; what is not comes from the event type's template, filled with `data`, `actor` and
    `tenant`. HTML is cut down to a safe subset, links are checked. Raises InvalidRequest naming the field.
    """
    context = {"data": _data(data), "actor": _actor(actor)}
    shown_html = clean_html(_text("html", html, event_type, context, MAX_HTML))
    content = {
        "title": _SPACES.sub(" ", _text("title", title, event_type, context, MAX_TITLE)).strip(),
        "body": _text("body", body, event_type, context, MAX_BODY) or text_of(shown_html)[:MAX_BODY],
        "html": shown_html,
        "action_url": check_url(_text("action_url", action_url, event_type, context, MAX_HTML), field="action_url"),
        "actions": _actions(actions),
        **context,
    }
    if not content["title"] and not content["body"]:
        raise InvalidRequest.on("title", "A notification needs a title or a body.", "required")
    return content | {"action_url": content["action_url"] or None}


def _text(name: str, given: object, event_type: EventType | None, context: Mapping[str, Any], limit: int) -> str:
    """The field `name`: as it was given, else from the template, else empty."""
    value = given
    template = event_type.template.get(name) if event_type is not None and given == "" else None
    if event_type is not None and template:
        tenant = {"slug": event_type.tenant.slug, "name": event_type.tenant.name}
        values = {**context, "actor": context["actor"] or {}, "tenant": tenant}
        value = fill(template, values, field=name, escape=name == "html")
    return check_text(value, field=name, limit=limit, control=True)


def _data(data: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if data is None else plain_object(data, field="data", limit=MAX_DATA)


def _actor(actor: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if actor is None:
        return None
    known = _object(actor, field="actor", known={"id", "name", "avatar_url"})
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
    known = _object(action, field=field, known={"key", "label", "url"})
    checked = {}
    for name in ("key", "label"):
        checked[name] = check_text(known.get(name, ""), field=f"{field}.{name}", limit=100)
        if not checked[name]:
            raise InvalidRequest.on(f"{field}.{name}", "Is required.", "required")
    if known.get("url"):
        checked["url"] = check_url(known["url"], field=f"{field}.url")
    return checked


def _object(value: object, *, field: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest.on(field, "Must be an object.", "type")
    unknown = [key for key in value if key not in known]
    if unknown:
        raise InvalidRequest.on(f"{field}.{unknown[0]}", "There is no such field.", "unknown_field")
    return value
