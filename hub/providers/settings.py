"""What an account of a kind must know: declared by each provider, checked before it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hub.content.values import check_text
from hub.exceptions import FieldError, InvalidRequest
from hub.outbound import checked_url

MAX_TEXT = 20_000
HIGHEST_RATE = 100_000


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a kind. `type`: text, url, number, flag or object. A `secret` is never shown again."""

    name: str
    help: str
    type: str = "text"
    secret: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()


# every kind has this one
RATE = Setting("rate", "Messages a second at most, all processes together.", type="number", required=False)


def check_config(settings: Sequence[Setting], given: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """`given` as it is stored: a secret that is not given stays what it was in `kept`.

    Raises InvalidRequest with fields such as `config.auth_token`.
    """
    known = {setting.name: setting for setting in (*settings, RATE)}
    errors = [_wrong(name, "There is no such setting.", "unknown_field") for name in given.keys() - known.keys()]
    checked: dict[str, Any] = {}
    for name, setting in known.items():
        value = given.get(name)
        if value is None and setting.secret:
            value = kept.get(name)
        if value is None:
            errors += [_wrong(name, f"Is required: {setting.help}", "required")] if setting.required else []
            continue
        try:
            checked[name] = _CHECKS[setting.type](setting, value)
        except InvalidRequest as error:
            errors += error.errors
    if errors:
        raise InvalidRequest(" ".join(f"{e.field}: {e.message}" for e in errors[:3]), errors)
    return checked


def shown(settings: Sequence[Setting] | None, config: Mapping[str, Any]) -> dict[str, Any]:
    """`config` as people may see it: of a secret, and of what nobody knows any more, only whether it is set."""
    public = {setting.name for setting in (*(settings or ()), RATE) if not setting.secret}
    return {name: value if name in public else {"set": True} for name, value in config.items()}


def _wrong(name: str, message: str, code: str = "invalid") -> FieldError:
    return FieldError(f"config.{name}"[:100], code, message)


def _text(setting: Setting, value: object) -> str:
    path = f"config.{setting.name}"
    # keys in PEM have line ends
    text = check_text(value, field=path, limit=MAX_TEXT, control=setting.secret)
    if not text:
        raise InvalidRequest.on(path, "Is required.", "required")
    if setting.choices and text not in setting.choices:
        raise InvalidRequest.on(path, f"Use one of {', '.join(setting.choices)}.")
    return text


def _url(setting: Setting, value: object) -> str:
    return checked_url(_text(setting, value), field=f"config.{setting.name}")


def _number(setting: Setting, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= HIGHEST_RATE:
        raise InvalidRequest.on(f"config.{setting.name}", f"Must be a number up to {HIGHEST_RATE}.")
    return value


def _flag(setting: Setting, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest.on(f"config.{setting.name}", "Must be true or false.", "type")
    return value


def _object(setting: Setting, value: object) -> dict[str, Any]:
    path = f"config.{setting.name}"
    value = _parsed(value) if isinstance(value, str) else value
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise InvalidRequest.on(path, "Must be an object of strings.", "type")
    return {name: check_text(one, field=path, limit=MAX_TEXT, control=setting.secret) for name, one in value.items()}


def _parsed(text: str) -> object:
    """An object comes from a file as its JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


_CHECKS = {"text": _text, "url": _url, "number": _number, "flag": _flag, "object": _object}
