"""What a notification says, rendered once when it is accepted and the same for every recipient."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hub.content.liquid import fill
from hub.content.safety import check_url, clean_html, text_of
from hub.content.values import check_text, plain_object
from hub.exceptions import FieldError, InvalidRequest
from hub.tenancy.models import Tenant

MAX_TITLE = 500
MAX_BODY = 10_000
MAX_HTML = 100_000
MAX_DATA = 64 * 1024
MAX_ACTIONS = 5
_SPACES = re.compile(r"\s+")


def render(
    *,
    tenant: Tenant,
    template: Mapping[str, Any],
    title: str = "",
    body: str = "",
    html: str = "",
    action_url: str = "",
    actions: Sequence[Mapping[str, Any]] = (),
    actor: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content as it is stored: `{title, body, html, data, actor, action_url, actions}`.

    What is given is taken as it is; what is not comes from `template` (the content of one, `{}`: none), filled with `data`,
    `actor` and `tenant`. HTML is cut down to a safe subset, links are checked. Raises InvalidRequest naming the fields, and
    every missing variable.
    """
    context = {"data": _data(data), "actor": _actor(actor)}
    given = {"title": title, "body": body, "html": html, "action_url": action_url, "actions": actions}
    said = _said(given, template, {**context, "actor": context["actor"] or {}, "tenant": _shown(tenant)})
    return _checked(said) | context


def _checked(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be said, `{title, body, html, action_url, actions}`, checked and cut down to what is safe."""
    shown_html = clean_html(check_text(said["html"], field="html", limit=MAX_HTML, control=True))
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


def _said(given: dict[str, Any], template: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, the rest from the template. Every variable that is missing is named."""
    errors: list[FieldError] = []
    said = dict(given)
    for name in [name for name in given if template.get(name) and not given[name]]:
        try:
            said[name] = _filled(name, template[name], values)
        except InvalidRequest as error:
            errors += error.errors
    if errors:
        raise InvalidRequest(" ".join(error.message for error in errors), errors)
    return said


def _filled(name: str, source: Any, values: Mapping[str, Any]) -> Any:
    if name != "actions":
        return fill(source, values, field=name, escape=name == "html")
    return [
        {part: fill(text, values, field=f"actions.{number}.{part}") for part, text in action.items()}
        for number, action in enumerate(source)
    ]


def _shown(tenant: Tenant) -> dict[str, str]:
    return {"slug": tenant.slug, "name": tenant.name}


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
