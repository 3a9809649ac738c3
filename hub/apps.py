"""The domain: every table, every transition, every policy."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate, post_save


class HubAppConfig(AppConfig):
    name = "hub"
    verbose_name = "Notification hub"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hub import checks  # noqa: F401  registers the system checks
        from hub.audience.users import user_saved
        from hub.tenancy.own import make_own_tenant

        post_save.connect(user_saved, sender=settings.AUTH_USER_MODEL, dispatch_uid="hub.users")
        post_migrate.connect(make_own_tenant, sender=self, dispatch_uid="hub.own_tenant")
