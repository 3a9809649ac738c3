"""What one channel says instead: a subject for the email, a shorter text for the phone."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from hub.content.push import check_push
from hub.content.safety import check_html, check_url, clean_email, text_of
from hub.content.values import Check, check_text, checked_object, line

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
    return checked_object(value, field="overrides", checks={channel: partial(_override, channel) for channel in FIELDS})


def _override(channel: str, fields: object, field: str) -> dict[str, Any]:
    if channel == "push":
        return check_push(fields, field=field, words=FIELDS["push"])
    return said_on(channel, fields, field=field)


def said_on(channel: str, fields: object, *, field: str) -> dict[str, Any]:
    """What one channel says, checked and cut down; complaints name what is below `field`."""
    checked = checked_object(fields, field=field, checks=FIELDS[channel])
    return checked | _other_half(checked)


def _other_half(checked: Mapping[str, Any]) -> dict[str, Any]:
    """Text and HTML say the same: one alone must not go out beside the notification's other."""
    if "html" in checked and "body" not in checked:
        return {"body": text_of(checked["html"])[:MAX_BODY]}
    return {"html": ""} if "body" in checked and "html" not in checked else {}


def _body(limit: int) -> Check:
    return lambda value, field: check_text(value, field=field, limit=limit, control=True)


def _html(value: object, field: str) -> str:
    return clean_email(check_html(value, field=field, limit=MAX_HTML))


def _link(value: object, field: str) -> str:
    return check_url(value, field=field)


# channel → what it can say
FIELDS: dict[str, dict[str, Check]] = {
    "email": {
        "subject": line(MAX_SUBJECT),
        "body": _body(MAX_BODY),
        "html": _html,
        "action_url": _link,
        "from_name": line(MAX_NAME),
    },
    "push": {"title": line(MAX_PUSH_TITLE), "body": _body(MAX_PUSH_BODY), "action_url": _link},
    "sms": {"body": _body(MAX_SMS)},
    "chat": {"title": line(MAX_CHAT_TITLE), "body": _body(MAX_CHAT_BODY), "action_url": _link},
}
