"""The domain: every table, every transition, every policy."""

from django.apps import AppConfig


class HubAppConfig(AppConfig):
    name = "hub"
    verbose_name = "Notification hub"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hub import checks  # noqa: F401  registers the system checks
