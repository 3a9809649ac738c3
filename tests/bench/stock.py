"""The peer of `sockets`: Channels' own consumer in a group by name, served by the same server as the hub."""

import json
import os
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.stock_settings")
http = get_asgi_application()


class StockConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """As the documentation of Channels has it. The first frame names the group; the answer says that it was joined."""

    group = ""

    async def connect(self) -> None:
        await self.accept("hub.v1")

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.group = json.loads(text_data or "{}")["token"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.send('{"type":"ready"}')

    async def hub_frame(self, event: dict[str, Any]) -> None:
        await self.send(event["frame"].decode())

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)


application = ProtocolTypeRouter({"http": http, "websocket": StockConsumer.as_asgi()})
