"""Admin: devices, without what it takes to reach them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from hub.api.admin import ReadOnlyAdmin, TenantFilter, by_tenant, pretty
from hub.api.panels import badge
from hub.devices.models import Device
from hub.devices.services import deactivate
from hub.policy.masking import mask


class DeviceAdmin(ReadOnlyAdmin[Device]):
    list_display = ("external_id", "subscriber", "platform", "app", "masked", "state", "refreshed_at", "tenant")
    list_filter = ("platform", ("tenant", TenantFilter))
    list_select_related = ("subscriber", "tenant")
    id_lookups = ("pk", "subscriber_id")
    text_lookups = ("external_id__startswith",)
    search_help_text = "The id of a device or of a subscriber, or what the client calls it."
    actions = ("let_go",)
    fields = (
        ("tenant", "subscriber", "external_id"),
        ("platform", "environment", "app", "masked"),
        ("name", "locale"),
        ("state", "created_at", "refreshed_at", "deactivated_at"),
        "what_became_of_it",
    )

    @admin.display(description="token")
    def masked(self, device: Device) -> str:
        """Enough of it to recognise."""
        return mask(device.token)

    @admin.display(description="state")
    def state(self, device: Device) -> SafeString:
        """Active, or why not."""
        return badge(device.reason or "active")

    @admin.display(description="history")
    def what_became_of_it(self, device: Device) -> SafeString:
        """Its latest changes, oldest first."""
        return pretty(device.history)

    @admin.action(description="Push to the selected devices no more", permissions=["operate"])
    def let_go(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        """Until their clients register them again."""
        reason = Device.Reason.OPERATOR
        number = by_tenant(queryset, lambda tenant, ids: deactivate(tenant_id=tenant.pk, device_ids=ids, reason=reason))
        self.message_user(request, f"{number} deactivated.")
