"""The configured channels, by name: `HUB["channels"]` maps each to the dotted path of its class."""

from functools import cache

from django.utils.module_loading import import_string

from deliveries.channels.base import Channel
from hub.conf import conf


def channel(name: str) -> Channel | None:
    """The channel's one instance in this process; None if it is not configured."""
    path = conf.channels.get(name)
    return _instance(name, path) if path else None


def max_unknowns() -> dict[str, int]:
    """For each configured channel, how many attempts of unknown outcome it allows a delivery."""
    return {name: found.max_unknowns for name in conf.channels if (found := channel(name))}


@cache
def _instance(name: str, path: str) -> Channel:
    """One for each name: two channels may share a class, but not its connections."""
    made: Channel = import_string(path)()
    return made
