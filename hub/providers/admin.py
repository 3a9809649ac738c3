"""Admin: tenants' accounts with providers. They are made over the API, where their secrets are given once."""

from typing import Any

import orjson
from django.contrib import admin
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest

from hub.api.admin import HubAdmin, TenantFilter
from hub.providers.accounts import of_row
from hub.providers.circuits import shown_circuits
from hub.providers.kinds import settings_of
from hub.providers.models import Provider
from hub.providers.settings import shown


class ProviderAdmin(HubAdmin[Provider]):
    list_display = ("key", "kind", "channel", "tenant", "position", "active", "updated_at")
    list_filter = (("tenant", TenantFilter), "channel", "active")
    list_select_related = ("tenant",)
    text_lookups = ("key",)
    search_help_text = "A key, or the beginning of one."
    fields = (
        ("tenant", "key"),
        ("kind", "channel"),
        ("position", "active"),
        "circuit",
        "settings",
        ("created_at", "updated_at"),
    )
    readonly_fields = ("tenant", "key", "kind", "channel", "circuit", "settings", "created_at", "updated_at")

    @admin.display(description="state")
    def circuit(self, row: Provider) -> str:
        """Whether it is called at the moment."""
        name = of_row(row).circuit
        circuit = shown_circuits([name])[name]
        return f"{circuit.state} until {circuit.until:%Y-%m-%d %H:%M:%S} UTC" if circuit.until else str(circuit.state)

    @admin.display(description="settings")
    def settings(self, row: Provider) -> str:
        """Without secrets."""
        return orjson.dumps(shown(settings_of(row.kind), row.config), option=orjson.OPT_INDENT_2).decode()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        Provider.objects.filter(pk=obj.pk).update(
            position=obj.position, active=obj.active, version=F("version") + 1, updated_at=Now()
        )
