"""Which words somebody gets: the most special language that a template has, else its default. Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from hub.exceptions import InvalidRequest

MAX_LOCALES = 50
_TAG = re.compile(r"(?=.{2,16}\Z)[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
# what a channel says in place of a general word
_SPECIAL = {
    "title": {"title", "subject"},
    "body": {"body", "html"},
    "html": {"body", "html"},
    "action_url": {"action_url"},
}


def canonical(tag: str) -> str:
    """A language tag as it is kept: `pt_br` is `pt-BR`, `ZH-hant` is `zh-Hant`."""
    language, *rest = tag.replace("_", "-").split("-")
    return "-".join([language.lower(), *(_subtag(part) for part in rest)])


def check_locale(value: object, *, field: str) -> str:
    """`value` as a language tag. Raises InvalidRequest of `field`."""
    if not isinstance(value, str) or not _TAG.fullmatch(value):
        raise InvalidRequest.on(field, "Give a language tag, such as de or pt-BR.")
    return canonical(value)


def chain(locale: str) -> list[str]:
    """`locale` and what it falls back to, the most special first: pt-BR, pt. The default is the end of every chain."""
    parts = canonical(locale).split("-") if locale else []
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]


def best(locale: str, known: Collection[str]) -> str:
    """The one of the `known` that who has this locale is told; empty: the default."""
    return next((tag for tag in chain(locale) if tag in known), "")


def said_in(content: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """The words of a template in one language, `{title, body, …, channels}`: each from the most special that has it.

    Language comes before channel: a general text in Portuguese beats an English one for SMS.
    """
    said = {name: value for name, value in content.items() if name != "locales"}
    known = content.get("locales", {})
    for tag in reversed(chain(locale)):
        if tag in known:
            said = overlaid(said, known[tag])
    return said


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """What both say together, `above` first. Text and HTML say the same, so that one takes the place of both."""
    channels = {name: dict(fields) for name, fields in below.get("channels", {}).items()}
    replaced = {name for word, names in _SPECIAL.items() if above.get(word) for name in names}
    for fields in channels.values():
        for name in replaced & fields.keys():
            del fields[name]
    for name, fields in above.get("channels", {}).items():
        channels[name] = _one_body(channels.get(name, {}), fields)
    own = {name: value for name, value in above.items() if value and name != "channels"}
    return {**_one_body(below, own), "channels": channels}


def _one_body(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    replaced = {"body", "html"} if above.keys() & {"body", "html"} else set()
    return {name: value for name, value in below.items() if name not in replaced} | dict(above)


def _subtag(part: str) -> str:
    if len(part) == 4 and part.isalpha():
        return part.title()
    return part.upper() if len(part) == 2 else part.lower()
