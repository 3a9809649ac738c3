"""The ASGI application: Django for HTTP, the live edge for sockets. Runs on uvicorn and Daphne."""

import os

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
# first: what follows imports models
django.setup(set_prefix=False)

from consumers.lifespan import lifespan  # noqa: E402
from consumers.routing import websockets  # noqa: E402
from hub.api.asgi import BodyLimit  # noqa: E402
from project.handler import OneHopHandler  # noqa: E402

application = ProtocolTypeRouter({"http": BodyLimit(OneHopHandler()), "websocket": websockets, "lifespan": lifespan})
