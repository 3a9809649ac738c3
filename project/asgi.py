"""The ASGI application: Django for HTTP, the live edge for sockets and event streams. Runs on uvicorn and Daphne."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
# first: what follows imports models
django.setup(set_prefix=False)

from consumers.asgi import with_live_edge  # noqa: E402
from hub.api.asgi import BodyLimit  # noqa: E402
from project.handler import OneHopHandler  # noqa: E402

application = with_live_edge(BodyLimit(OneHopHandler()))
