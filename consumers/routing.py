"""Where the live edge is served. A host project mounts `websockets`, or takes `websocket_urlpatterns` into its own."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from consumers.consumer import HubConsumer


async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Nothing is served here: closing before accepting is a plain 403."""
    await receive()
    await send({"type": "websocket.close"})


websocket_urlpatterns = [path("api/v1/ws", HubConsumer.as_asgi())]

# an ASGI application where Django expects a view
anywhere_else = re_path(r"", refuse)  # type: ignore[arg-type]

websockets = URLRouter([*websocket_urlpatterns, anywhere_else])
