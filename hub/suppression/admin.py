"""Admin: the suppression list, with what it was lifted from."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from hub.api.admin import ReadOnlyAdmin, TenantFilter, by_tenant
from hub.policy.masking import mask
from hub.suppression.models import Suppression
from hub.suppression.services import lift_all


class SuppressionAdmin(ReadOnlyAdmin[Suppression]):
    list_display = ("masked", "channel", "reason", "source", "created_at", "lifted_at", "tenant")
    list_filter = ("channel", "reason", ("tenant", TenantFilter))
    list_select_related = ("tenant",)
    actions = ("lift",)
    fields = (("tenant", "channel", "masked"), ("reason", "source"), ("created_at", "lifted_at"))

    @admin.display(description="address")
    def masked(self, row: Suppression) -> str:
        """Enough of it to recognise."""
        return "(erased)" if row.address is None else mask(row.address)

    @admin.action(description="Write to the selected addresses again", permissions=["operate"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        """They stay on record as lifted."""
        number = by_tenant(queryset, lambda tenant, ids: lift_all(tenant=tenant, suppression_ids=ids))
        self.message_user(request, f"{number} lifted.")
