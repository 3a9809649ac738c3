"""The project's settings with what a check changes: CHAOS_HUB (JSON, over `HUB`) and CHAOS_LAYER (a channel layer)."""

import json
import os

from project.settings import *  # noqa: F403
from project.settings import CHANNEL_LAYERS, HUB

# a check asks faster than a person
HUB |= {"user_rate": 1_000.0, "user_burst": 2_000} | json.loads(os.environ.get("CHAOS_HUB", "{}"))
CHANNEL_LAYERS["default"]["BACKEND"] = os.environ.get("CHAOS_LAYER", CHANNEL_LAYERS["default"]["BACKEND"])
# JSON has no tuples
HUB["outbound_exempt"] = tuple(HUB.get("outbound_exempt", ()))
