"""Admin: deliveries, with what an operator may do about them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from hub.api.admin import ReadOnlyAdmin
from hub.fallback.models import Delivery
from hub.fallback.services import mark_dead, replay
from hub.tenancy.models import Tenant


class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_display = (
        "id",
        "channel",
        "state",
        "reason",
        "subscriber",
        "event",
        "attempts",
        "due_at",
        "created_at",
        "tenant",
    )
    list_filter = ("state", "channel", ("created_at", admin.DateFieldListFilter), "lane", "tenant")
    list_select_related = ("subscriber", "notification", "tenant")
    id_fields = ("pk", "notification_id", "item_id", "subscriber_id")
    exact_fields = ("subscriber__external_id", "reason")
    readonly_fields = ("request_id",)
    actions = ("send_again", "give_up")
    search_help_text = "A delivery's, notification's or subscriber's id, or a reason."

    @admin.display(description="event")
    def event(self, delivery: Delivery) -> str:
        """What it is about."""
        return delivery.notification.event

    @admin.display(description="request id")
    def request_id(self, delivery: Delivery) -> str:
        """What the log calls the request that it began with."""
        return delivery.notification.request_id

    @admin.action(description="Send the selected dead or sent deliveries again", permissions=["operate"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Each becomes a new generation that is due now."""
        self._told(request, _by_tenant(queryset, replay), "sent again")

    @admin.action(description="Give the selected waiting deliveries up", permissions=["operate"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """They become dead letters."""
        self._told(request, _by_tenant(queryset, mark_dead), "given up")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may change deliveries may operate them; the rows themselves are never edited."""
        return request.user.has_perm("hub.change_delivery")

    def _told(self, request: HttpRequest, number: int, what: str) -> None:
        self.message_user(request, f"{number} {what}. Those in another state were passed over.")


def _by_tenant(queryset: QuerySet[Delivery], act: Callable[..., int]) -> int:
    chosen: dict[Any, list[Any]] = {}
    for delivery_id, tenant_id in queryset.values_list("pk", "tenant_id"):
        chosen.setdefault(tenant_id, []).append(delivery_id)
    tenants = Tenant.objects.in_bulk(list(chosen))
    return sum(act(tenant=tenants[tenant_id], delivery_ids=ids) for tenant_id, ids in chosen.items())
