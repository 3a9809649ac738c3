"""Admin: chat addresses, without what it takes to write there."""

from django.contrib import admin
from django.utils.safestring import SafeString

from hub.api.admin import ReadOnlyAdmin, TenantFilter, pretty
from hub.api.panels import badge
from hub.chat.models import ChatAddress
from hub.policy.masking import mask


class ChatAddressAdmin(ReadOnlyAdmin[ChatAddress]):
    list_display = ("subscriber", "kind", "masked", "state", "updated_at", "tenant")
    list_filter = ("kind", ("tenant", TenantFilter))
    list_select_related = ("subscriber", "tenant")
    id_lookups = ("pk", "subscriber_id")
    search_help_text = "The id of a subscriber."
    fields = (
        ("tenant", "subscriber"),
        ("kind", "masked"),
        ("state", "created_at", "updated_at", "deactivated_at"),
        "what_became_of_it",
    )

    @admin.display(description="address")
    def masked(self, row: ChatAddress) -> str:
        """Enough of it to recognise."""
        return mask(row.address)

    @admin.display(description="state")
    def state(self, row: ChatAddress) -> SafeString:
        """Active, or gone."""
        return badge("gone" if row.deactivated_at else "active")

    @admin.display(description="history")
    def what_became_of_it(self, row: ChatAddress) -> SafeString:
        """Its latest changes, oldest first."""
        return pretty(row.history)
