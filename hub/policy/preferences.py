"""What a subscriber gets on which channel: their own choice, else the default of the event type. Pure."""

from collections.abc import Mapping

from hub.policy.ladder import CHANNELS

IN_APP = "in_app"


def is_on(chosen: bool | None, *, default_on: bool) -> bool:
    """`chosen`: the subscriber's own switch, None while untouched."""
    return default_on if chosen is None else chosen


def switched_off(chosen: Mapping[str, bool], *, default_on: bool) -> frozenset[str]:
    """The channels, `in_app` included, on which somebody who chose so gets nothing."""
    return frozenset(
        channel for channel in (IN_APP, *CHANNELS) if not is_on(chosen.get(channel), default_on=default_on)
    )
