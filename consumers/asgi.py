"""The one route that a project's ASGI application needs: sockets, event streams and lifespan beside its HTTP."""

from typing import Any

from channels.routing import ProtocolTypeRouter

from consumers.events import Events
from consumers.lifespan import lifespan
from consumers.routing import websockets


def with_live_edge(http: Any) -> ProtocolTypeRouter:
    """`http`: Django's ASGI application. Import this after it was made: what is behind it imports models."""
    return ProtocolTypeRouter({"http": Events(http), "websocket": websockets, "lifespan": lifespan})
