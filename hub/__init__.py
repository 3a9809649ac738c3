"""A self-hosted, real-time notification hub. `hub.notify(...)` accepts a notification in the caller's transaction."""

from importlib import import_module
from typing import Any

__all__ = ["notify"]


def __getattr__(name: str) -> Any:
    # On first use: Django imports this package before there are models.
    if name == "notify":
        return import_module("hub.notifications.services").notify
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
