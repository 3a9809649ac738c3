"""Admin: subscribers and topics."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from hub.api.admin import HubAdmin
from hub.audience.erasure import erase_subscriber
from hub.audience.models import Stream, Subscriber, Topic


class SubscriberAdmin(HubAdmin[Subscriber]):
    list_display = ("external_id", "tenant", "name", "email", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    exact_fields = ("external_id", "email")
    raw_id_fields = ("user",)

    def get_readonly_fields(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        return ("tenant", "external_id", "created_at") if obj else ()

    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            Stream.objects.create(subscriber=obj, tenant_id=obj.tenant_id)

    def delete_model(self, request: HttpRequest, obj: Subscriber) -> None:
        erase_subscriber(tenant=obj.tenant, external_id=obj.external_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        for subscriber in queryset.select_related("tenant"):
            self.delete_model(request, subscriber)


class TopicAdmin(HubAdmin[Topic]):
    list_display = ("key", "name", "open", "tenant", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    exact_fields = ("key", "name")
