"""What one channel says instead: a subject for the email, a shorter text for the phone."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.content.render import MAX_BODY, MAX_HTML, MAX_TITLE
from hub.content.safety import check_url, clean_html, text_of
from hub.content.values import check_text
from hub.exceptions import InvalidRequest

MAX_SUBJECT = 200
MAX_NAME = 100


def check_overrides(value: object) -> dict[str, dict[str, Any]]:
    """`value` as it is stored: channel → what it says instead of the notification's content, with the same names.

    Email takes subject, body, html, action_url and from_name; push and chat title, body and action_url; SMS body. A `body`
    without `html` takes the place of both, and the other way round. Raises InvalidRequest with fields such as
    `overrides.email.subject`.
    """
    if not isinstance(value, dict):
        raise InvalidRequest.on("overrides", "Must be an object.", "type")
    return {_known(channel): _checked(channel, fields) for channel, fields in value.items()}


def _known(channel: str) -> str:
    if channel not in _FIELDS:
        raise InvalidRequest.on(f"overrides.{channel}"[:100], f"Use {', '.join(_FIELDS)}.", "unknown_field")
    return channel


def _checked(channel: str, fields: object) -> dict[str, Any]:
    path = f"overrides.{channel}"
    if not isinstance(fields, dict):
        raise InvalidRequest.on(path, "Must be an object.", "type")
    for name in fields:
        if name not in _FIELDS[channel]:
            raise InvalidRequest.on(f"{path}.{name}"[:100], f"Use {', '.join(_FIELDS[channel])}.", "unknown_field")
    checked = {name: _CHECKS[name](text, f"{path}.{name}") for name, text in fields.items()}
    return checked | _other_half(checked)


def _other_half(checked: Mapping[str, Any]) -> dict[str, Any]:
    """Text and HTML say the same: one alone must not go out beside the notification's other."""
    if "html" in checked and "body" not in checked:
        return {"body": text_of(checked["html"])[:MAX_BODY]}
    return {"html": ""} if "body" in checked and "html" not in checked else {}


def _line(limit: int) -> Callable[[object, str], str]:
    return lambda value, field: check_text(value, field=field, limit=limit).strip()


def _body(value: object, field: str) -> str:
    return check_text(value, field=field, limit=MAX_BODY, control=True)


def _html(value: object, field: str) -> str:
    return clean_html(check_text(value, field=field, limit=MAX_HTML, control=True))


def _link(value: object, field: str) -> str:
    return check_url(value, field=field)


_CHECKS: dict[str, Callable[[object, str], str]] = {
    "title": _line(MAX_TITLE),
    "subject": _line(MAX_SUBJECT),
    "from_name": _line(MAX_NAME),
    "body": _body,
    "html": _html,
    "action_url": _link,
}
_FIELDS = {
    "email": ("subject", "body", "html", "action_url", "from_name"),
    "push": ("title", "body", "action_url"),
    "sms": ("body",),
    "chat": ("title", "body", "action_url"),
}
