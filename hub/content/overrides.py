"""What one channel says instead: a subject for the email, a shorter text for the phone."""

from collections.abc import Callable, Mapping
from typing import Any

from hub.content.push import check_push
from hub.content.safety import check_html, check_url, clean_email, text_of
from hub.content.values import check_text
from hub.exceptions import InvalidRequest

MAX_SUBJECT = 200
MAX_NAME = 100
MAX_BODY = 10_000
MAX_HTML = 100_000
# what the narrowest of a channel's usual providers takes
MAX_PUSH_TITLE, MAX_PUSH_BODY = 200, 2_000
MAX_SMS = 1_600
MAX_CHAT_TITLE, MAX_CHAT_BODY = 200, 4_000


def check_overrides(value: object) -> dict[str, dict[str, Any]]:
    """`value` as it is stored: channel → what it says instead of the notification's content, with the same names.

    Email takes subject, body, html, action_url and from_name; push and chat title, body and action_url; SMS body. A `body`
    without `html` takes the place of both, and the other way round. Push takes what `hub.content.push` names besides.
    Raises InvalidRequest with fields such as `overrides.email.subject`.
    """
    if not isinstance(value, dict):
        raise InvalidRequest.on("overrides", "Must be an object.", "type")
    return {_known(channel): _checked(channel, fields) for channel, fields in value.items()}


def _checked(channel: str, fields: object) -> dict[str, Any]:
    if channel == "push":
        return check_push(fields, path="overrides.push", words=FIELDS["push"])
    return said_on(channel, fields)


def _known(channel: str) -> str:
    if channel not in FIELDS:
        raise InvalidRequest.on(f"overrides.{channel}"[:100], f"Use {', '.join(FIELDS)}.", "unknown_field")
    return channel


def said_on(channel: str, fields: object, *, path: str = "overrides.") -> dict[str, Any]:
    """What one channel says, checked and cut down; complaints name fields that begin with `path` and the channel."""
    path += channel
    if not isinstance(fields, dict):
        raise InvalidRequest.on(path, "Must be an object.", "type")
    for name in fields:
        if name not in FIELDS[channel]:
            raise InvalidRequest.on(f"{path}.{name}"[:100], f"Use {', '.join(FIELDS[channel])}.", "unknown_field")
    checked = {name: FIELDS[channel][name](text, f"{path}.{name}") for name, text in fields.items()}
    return checked | _other_half(checked)


def _other_half(checked: Mapping[str, Any]) -> dict[str, Any]:
    """Text and HTML say the same: one alone must not go out beside the notification's other."""
    if "html" in checked and "body" not in checked:
        return {"body": text_of(checked["html"])[:MAX_BODY]}
    return {"html": ""} if "body" in checked and "html" not in checked else {}


def _line(limit: int) -> Callable[[object, str], str]:
    return lambda value, field: check_text(value, field=field, limit=limit).strip()


def _body(limit: int) -> Callable[[object, str], str]:
    return lambda value, field: check_text(value, field=field, limit=limit, control=True)


def _html(value: object, field: str) -> str:
    return clean_email(check_html(value, field=field, limit=MAX_HTML))


def _link(value: object, field: str) -> str:
    return check_url(value, field=field)


# channel → what it can say
FIELDS: dict[str, dict[str, Callable[[object, str], str]]] = {
    "email": {
        "subject": _line(MAX_SUBJECT),
        "body": _body(MAX_BODY),
        "html": _html,
        "action_url": _link,
        "from_name": _line(MAX_NAME),
    },
    "push": {"title": _line(MAX_PUSH_TITLE), "body": _body(MAX_PUSH_BODY), "action_url": _link},
    "sms": {"body": _body(MAX_SMS)},
    "chat": {"title": _line(MAX_CHAT_TITLE), "body": _body(MAX_CHAT_BODY), "action_url": _link},
}
