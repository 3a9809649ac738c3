"""A hub with other settings than the product's: only for checks, by a settings module of their own."""

import json
from typing import Any


def settings(layer: str = "", **hub: Any) -> dict[str, str]:
    """The environment of a hub that runs on `tests.chaos.settings`. `hub`: keys of `HUB`."""
    chosen = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "CHAOS_HUB": json.dumps(hub)}
    return chosen | ({"CHAOS_LAYER": layer} if layer else {})
