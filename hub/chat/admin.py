"""Admin: chat addresses, without what it takes to write there."""

from django.contrib import admin

from hub.api.admin import ReadOnlyAdmin, TenantFilter
from hub.chat.models import ChatAddress
from hub.policy.masking import mask


class ChatAddressAdmin(ReadOnlyAdmin[ChatAddress]):
    list_display = ("subscriber", "kind", "masked", "updated_at", "tenant")
    list_filter = ("kind", ("tenant", TenantFilter))
    list_select_related = ("subscriber", "tenant")
    id_lookups = ("pk", "subscriber_id")
    search_help_text = "The id of a subscriber."
    fields = (("tenant", "subscriber"), ("kind", "masked"), ("created_at", "updated_at"))

    @admin.display(description="address")
    def masked(self, row: ChatAddress) -> str:
        """Enough of it to recognise."""
        return mask(row.address)
