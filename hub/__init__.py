"""A self-hosted, real-time notification hub.

`hub.notify(...)` accepts a notification in the caller's transaction, `hub.notify_many(...)` any number at once.
"""

from importlib import import_module
from typing import Any

__all__ = ["notify", "notify_many"]


def __getattr__(name: str) -> Any:
    # On first use: Django imports this package before there are models.
    if name in __all__:
        return getattr(import_module("hub.notifications.services"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
