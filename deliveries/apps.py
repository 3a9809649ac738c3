"""The off-app edge: Celery tasks, the dispatch loop, providers."""

from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "deliveries"

    def ready(self) -> None:
        from deliveries import checks, worker  # noqa: F401  system checks, and the sweeper in every Celery worker
