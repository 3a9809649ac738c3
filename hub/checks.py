"""System checks: every way to misconfigure the hub has a stable id."""

from dataclasses import fields
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from hub.conf import Conf
from hub.tenancy.keys import PREFIX as KEY_PREFIX

OPERATOR_TOKEN_LENGTH = 32


@register()
def unknown_settings(**_: Any) -> list[CheckMessage]:
    """hub.E001: a key of `HUB` that nothing reads is a typing mistake that would otherwise go unnoticed."""
    known = {f.name for f in fields(Conf)}
    return [
        Error(f"HUB[{key!r}] is not a setting of the hub.", hint=f"Known: {', '.join(sorted(known))}.", id="hub.E001")
        for key in getattr(settings, "HUB", {})
        if key not in known
    ]


@register()
def operator_token(**_: Any) -> list[CheckMessage]:
    """hub.E003: an operator's token that could be guessed, or that looks like an API key."""
    token = getattr(settings, "HUB", {}).get("operator_token", "")
    if not token or (len(token) >= OPERATOR_TOKEN_LENGTH and not token.startswith(KEY_PREFIX)):
        return []
    problem = f"HUB['operator_token'] needs {OPERATOR_TOKEN_LENGTH} characters, and must not begin with {KEY_PREFIX}."
    return [Error(problem, hint="Make one with: openssl rand -hex 32", id="hub.E003")]


@register()
def channel_classes(**_: Any) -> list[CheckMessage]:
    """hub.E002: every channel must name a class that can be imported."""
    messages: list[CheckMessage] = []
    for channel, path in getattr(settings, "HUB", {}).get("channels", Conf().channels).items():
        try:
            import_string(path)
        except ImportError as error:
            messages.append(Error(f"HUB['channels'][{channel!r}]: {error}", id="hub.E002"))
    return messages
