"""Admin: notifications, read-only, each with its timeline."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from hub.api.admin import ReadOnlyAdmin
from hub.audience.models import Subscriber
from hub.clock import iso
from hub.notifications.models import Notification
from hub.notifications.selectors import received
from hub.notifications.timeline import Event, timeline

_QUIET = {"explanation", "delivery"}


class NotificationAdmin(ReadOnlyAdmin[Notification]):
    list_display = ("id", "event", "title", "status", "priority", "recipients", "tenant", "created_at")
    list_filter = ("status", ("created_at", admin.DateFieldListFilter), "priority", "tenant")
    list_select_related = ("tenant",)
    exact_fields = ("event", "category", "cancel_key", "group_key")
    fields = (
        ("tenant", "event", "category", "status", "priority"),
        ("title", "creator", "request_id", "recipients"),
        ("created_at", "send_at", "expires_at", "processed_at", "cancelled_at"),
        ("tags", "group_key", "cancel_key"),
        "story",
        "audience",
        "content",
        "ladder",
    )
    search_help_text = "A notification's id, an event, category, cancel or group key, or a subscriber's id."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Notification], search_term: str
    ) -> tuple[QuerySet[Notification], bool]:
        found, _ = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        return (found | received(queryset, Subscriber.objects.all(), term) if term else found), False

    @admin.display(description="title")
    def title(self, notification: Notification) -> str:
        """The title as it was rendered."""
        return str(notification.content["title"])

    @admin.display(description="timeline")
    def story(self, notification: Notification) -> SafeString:
        """What happened, for the first recipients."""
        told = timeline(notification)
        rows = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", map(_row, told.events))
        more = "More recipients: see the API's timeline." if told.next else ""
        return format_html("<table>{}</table>{}", rows, more)


def _row(event: Event) -> tuple[str | None, str, str, str]:
    sentence = event.details.get("explanation") or ""
    details = ", ".join(f"{k}: {v}" for k, v in event.details.items() if v not in (None, "") and k not in _QUIET)
    return iso(event.at), event.subscriber, event.kind, f"{details} {sentence}".strip()
