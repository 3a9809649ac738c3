"""The live edge: sockets, event streams, the channel layer, presence, catch-up."""

from django.apps import AppConfig


class ConsumersConfig(AppConfig):
    name = "consumers"

    def ready(self) -> None:
        from consumers import checks  # registers the system check

        checks.warn_under_daphne()
