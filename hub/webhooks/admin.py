"""Admin: webhooks with what they were told lately, and each delivery with its attempts. A secret is shown once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from hub.api.admin import HubAdmin, ReadOnlyAdmin, TenantFilter, pretty
from hub.api.forms import checked, show_once
from hub.api.panels import Panel, badge, link, when
from hub.exceptions import HubError
from hub.outbound import checked_url
from hub.webhooks.models import Webhook, WebhookDelivery
from hub.webhooks.services import (
    change_webhook,
    checked_events,
    delete_webhook,
    new_secret,
    redeliver,
    rotate_secret,
    send_test,
)

OVERLAP = timedelta(days=1)
LATEST = 20


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_url(self) -> Any:
        return checked(checked_url, self.cleaned_data["url"])

    def clean_events(self) -> Any:
        return checked(checked_events, self.cleaned_data["events"])


class WebhookAdmin(HubAdmin[Webhook]):
    form = WebhookForm
    list_display = ("id", "tenant", "url", "events", "state", "failures", "created_at")
    list_filter = (("tenant", TenantFilter),)
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    fields = ("tenant", "url", "events", "description")
    search_help_text = "A webhook's id."
    actions = ("rotate", "try_out", "enable", "disable")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        return super().get_queryset(request).filter(deleted_at__isnull=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        fixed = ("tenant", "url") if obj and obj.topic_arn else ("tenant",)
        return (*self.readonly_fields, *fixed) if obj else self.readonly_fields

    @admin.display(description="state")
    def state(self, webhook: Webhook) -> SafeString:
        """Enabled, failing, or why it is disabled."""
        return badge(webhook.disabled_reason or ("failing" if webhook.failing_since else "enabled"))

    def panels(self, request: HttpRequest, row: Webhook) -> Sequence[Panel]:
        latest = row.deliveries.order_by("-pk")[:LATEST]
        rows = [
            (link(one, one.type), badge(one.state), one.reason, one.attempts, when(one.created_at)) for one in latest
        ]
        return [
            Panel("What it was told lately", ("Event", "State", "Reason", "Attempts", "At"), rows, empty="Nothing.")
        ]

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        if not change:
            obj.secret = new_secret()
            _show_once(request, obj)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        delete_webhook(tenant=obj.tenant, webhook_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for webhook in queryset.select_related("tenant"):
            self.delete_model(request, webhook)

    @admin.action(description="Rotate the secret: both sign for a day", permissions=["operate"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        """The new secrets are shown once."""
        for webhook in queryset.select_related("tenant"):
            _show_once(request, rotate_secret(tenant=webhook.tenant, webhook_id=webhook.pk, overlap=OVERLAP))

    @admin.action(description="Send a test", permissions=["operate"])
    def try_out(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        """What came of it is below the webhook's form."""
        for webhook in queryset.select_related("tenant"):
            try:
                send_test(tenant=webhook.tenant, webhook_id=webhook.pk)
            except HubError as error:
                self.message_user(request, f"{webhook}: {error.message}", messages.ERROR)

    @admin.action(description="Enable", permissions=["operate"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        """Told what happens from now on."""
        _switch(queryset, enabled=True)

    @admin.action(description="Disable: what they are owed is given up", permissions=["operate"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        """Until they are enabled."""
        _switch(queryset, enabled=False)


class WebhookDeliveryAdmin(ReadOnlyAdmin[WebhookDelivery]):
    list_display = ("id", "type", "tenant", "webhook", "shown_state", "reason", "attempts", "created_at")
    list_filter = (("tenant", TenantFilter), "state")
    list_select_related = ("tenant", "webhook")
    id_lookups = ("pk", "webhook")
    search_help_text = "A delivery's or a webhook's id."
    fields = (
        "tenant",
        "webhook",
        "type",
        "at",
        "shown",
        "state",
        "reason",
        "attempts",
        "due_at",
        "created_at",
        "finished_at",
    )
    readonly_fields = ("shown",)
    actions = ("post_again",)

    @admin.display(description="state")
    def shown_state(self, delivery: WebhookDelivery) -> SafeString:
        """Coloured."""
        return badge(delivery.state)

    @admin.display(description="data")
    def shown(self, delivery: WebhookDelivery) -> SafeString:
        """Its payload."""
        return pretty(delivery.data)

    def panels(self, request: HttpRequest, row: WebhookDelivery) -> Sequence[Panel]:
        tries = row.tries.order_by("fence")
        rows = [(when(one.started_at), when(one.finished_at), one.status or "", one.answer) for one in tries]
        return [Panel("Attempts", ("Started", "Finished", "Status", "Answer"), rows, empty="None yet.")]

    @admin.action(description="Post again", permissions=["operate"])
    def post_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Those that were delivered or given up, at endpoints that are enabled."""
        number = 0
        for webhook in Webhook.objects.filter(pk__in=queryset.values("webhook")).select_related("tenant"):
            ids = list(queryset.filter(webhook=webhook).values_list("pk", flat=True))
            try:
                number += redeliver(tenant=webhook.tenant, webhook_id=webhook.pk, delivery_ids=ids)
            except HubError as error:
                self.message_user(request, f"{webhook}: {error.message}", messages.ERROR)
        self.message_user(request, f"{number} are posted again.")


def _switch(webhooks: QuerySet[Webhook], *, enabled: bool) -> None:
    for webhook in webhooks.select_related("tenant"):
        change_webhook(tenant=webhook.tenant, webhook_id=webhook.pk, enabled=enabled)


def _show_once(request: HttpRequest, webhook: Webhook) -> None:
    show_once(request, f"The secret of {webhook} is {webhook.secret}")
