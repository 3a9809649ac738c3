"""Templates as files, for people who keep them in git. Pure: from what a template is to its files, and back.

One folder a template, named by its key; in it `template.json` (kind, name, layout, schema, example), `actions.json`, a file
for each text such as `title.liquid`, `html.liquid` or `sms.body.liquid`, and a folder like that for each language. A file ends
with one line break that is not part of its text.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from hub.content.overrides import FIELDS
from hub.content.sources import TEXTS
from hub.exceptions import InvalidRequest

META = "template.json"
ACTIONS = "actions.json"
_META = ("kind", "name", "layout", "schema", "example")
_SUFFIX = ".liquid"

# path → text
Files = dict[str, str]


def folder_of(key: str) -> str:
    """The name of a template's folder: its key, with what not every file system takes encoded."""
    return quote(key, safe="-_.")


def key_of(folder: str) -> str:
    """The key of the template in a folder."""
    return unquote(folder)


def to_files(template: Mapping[str, Any]) -> Files:
    """The files of one template, given `{kind, name, …content}`, by their paths within its folder."""
    meta = {name: template[name] for name in _META if template.get(name) not in (None, "", {})}
    files = {META: _json(meta), **dict(_words(template, ""))}
    for locale, said in template.get("locales", {}).items():
        files |= dict(_words(said, f"{locale}/"))
    return files


def from_files(files: Mapping[str, str]) -> dict[str, Any]:
    """The template in a folder's files: `{kind, name, …content}`. Raises InvalidRequest naming the file that is wrong."""
    template: dict[str, Any] = {}
    locales: dict[str, Any] = {}
    for path, text in sorted(files.items()):
        parts = PurePosixPath(path).parts
        if path == META:
            template |= _meta(text)
        elif len(parts) <= 2:
            _put(template if len(parts) == 1 else locales.setdefault(parts[0], {}), parts[-1], text, path)
        else:
            raise InvalidRequest.on(path, "There is no place for this file.", "unknown_field")
    return template | ({"locales": locales} if locales else {})


def _words(said: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name in TEXTS:
        if said.get(name):
            yield f"{path}{name}{_SUFFIX}", f"{said[name]}\n"
    for channel, fields in said.get("channels", {}).items():
        yield from ((f"{path}{channel}.{name}{_SUFFIX}", f"{text}\n") for name, text in fields.items())
    if said.get("actions"):
        yield f"{path}{ACTIONS}", _json(said["actions"])


def _put(said: dict[str, Any], name: str, text: str, path: str) -> None:
    channel, dot, field = name.removesuffix(_SUFFIX).partition(".")
    if name == ACTIONS:
        said["actions"] = _parsed(text, path)
    elif name.endswith(_SUFFIX) and not dot and channel in TEXTS:
        said[channel] = text.removesuffix("\n")
    elif name.endswith(_SUFFIX) and field in FIELDS.get(channel, ()):
        said.setdefault("channels", {}).setdefault(channel, {})[field] = text.removesuffix("\n")
    else:
        raise InvalidRequest.on(path, "There is no place for this file.", "unknown_field")


def _meta(text: str) -> dict[str, Any]:
    meta = _parsed(text, META)
    if not isinstance(meta, dict) or not meta.keys() <= set(_META):
        raise InvalidRequest.on(META, f"Must be an object of {', '.join(_META)}.", "type")
    return meta


def _parsed(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidRequest.on(path, f"Is not JSON: {error}.") from error


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
