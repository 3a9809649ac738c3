"""The off-app edge: Celery tasks, the dispatch loop, providers."""

from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "deliveries"

    def ready(self) -> None:
        from deliveries import checks  # noqa: F401  registers the system check
