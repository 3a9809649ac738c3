"""Reading payloads whose shape differs from event to event: paths, and sentences with paths in them."""

import re
from collections.abc import Mapping
from typing import Any

Payload = Mapping[str, Any]

_FIELD = re.compile(r"\{([\w.|]+)(?::(\d+))?\}")
_REF = re.compile(r"^refs/(heads|tags)/")
_EMPTY_QUOTES = re.compile(r'\s*""')
MAX_VALUE, MAX_URL = 90, 2_000


def dig(payload: object, path: str) -> Any:
    """What lies at a dotted path, None if nothing does. Through a list: a list of what its members have there."""
    for number, step in enumerate(parts := path.split(".")):
        if isinstance(payload, list):
            rest = ".".join(parts[number:])
            members = [dig(member, rest) for member in payload if isinstance(member, Mapping)]
            return [found for found in members if found is not None]
        payload = payload.get(step) if isinstance(payload, Mapping) else None
    return payload


def text_at(payload: Payload, paths: str, joint: str = ", ") -> str:
    """The first of `path|path` that holds text or a number, as text without `refs/heads/`."""
    for path in paths.split("|"):
        found = dig(payload, path)
        texts = [str(one) for one in (found if isinstance(found, list) else [found]) if _is_text(one)]
        if texts:
            return joint.join(_REF.sub("", text) for text in texts)
    return ""


def fill(template: str, payload: Payload) -> str:
    """`template` with its `{paths}` filled in, each shortened; what is missing leaves nothing behind."""
    return _FIELD.sub(lambda match: _value(payload, match[1], int(match[2] or 0)), template)


def complete(template: str, payload: Payload) -> str:
    """As `fill`, whole values, but "" when anything is missing: half a link leads nowhere."""
    found = {match[0]: text_at(payload, match[1], "\n") for match in _FIELD.finditer(template)}
    if not all(found.values()):
        return ""
    return _FIELD.sub(lambda match: found[match[0]], template).partition("\n")[0]


def one_line(text: str, limit: int) -> str:
    """`text` as one printable line of at most `limit` characters."""
    printable = "".join(one if one.isprintable() else " " for one in storable(text))
    line = _EMPTY_QUOTES.sub("", " ".join(printable.split()))
    return shorten(line.strip(" :"), limit)


def is_link(url: str) -> bool:
    """Whether the hub takes `url`, and a browser finds a page there."""
    plain = url.isprintable() and " " not in url and "\\" not in url
    return plain and url.startswith("https://") and len(url) <= MAX_URL


def storable(text: str) -> str:
    """`text` without NUL and lone surrogates, which JSON can spell and a database can't keep."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _value(payload: Payload, paths: str, length: int) -> str:
    text = text_at(payload, paths)
    return text[:length] if length else shorten(text, MAX_VALUE)


def _is_text(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""
