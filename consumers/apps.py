"""The live edge: sockets, the channel layer, presence, catch-up."""

from django.apps import AppConfig


class ConsumersConfig(AppConfig):
    name = "consumers"
