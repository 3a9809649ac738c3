"""Admin: subscribers, with what they want and got; topics, with who follows them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from hub.api.admin import HubAdmin, TenantFilter
from hub.api.panels import Panel, badge, link, list_link, when
from hub.audience.erasure import erase_subscriber
from hub.audience.models import Stream, Subscriber, Topic
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.preferences.selectors import matrix

PROFILE = ("tenant", "external_id", "name", "email", "phone", "locale", "timezone", "attributes", "user")
SHOWN = 50
RECENT = 20


class SubscriberAdmin(HubAdmin[Subscriber]):
    list_display = ("external_id", "tenant", "name", "email", "made")
    list_filter = (("tenant", TenantFilter),)
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    raw_id_fields = ("user",)
    text_lookups = ("email",)
    beginning = "external_id"
    search_help_text = "An id or the beginning of one, or an email address."

    def get_readonly_fields(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        return ("tenant", "external_id", "created_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        return (*PROFILE, "tokens_valid_after", "created_at") if obj else PROFILE

    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            Stream.objects.create(subscriber=obj, tenant_id=obj.tenant_id)

    def delete_model(self, request: HttpRequest, obj: Subscriber) -> None:
        erase_subscriber(tenant=obj.tenant, external_id=obj.external_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        for subscriber in queryset.select_related("tenant"):
            self.delete_model(request, subscriber)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What the question before it says: not each of the many things that go with a subscriber."""
        return [str(subscriber) for subscriber in objs], {"subscribers, with all that is theirs": len(objs)}, set(), []

    def panels(self, request: HttpRequest, row: Subscriber) -> Sequence[Panel]:
        return [_wants(row), _got(row)]


class TopicAdmin(HubAdmin[Topic]):
    list_display = ("key", "name", "open", "tenant", "made")
    list_filter = (("tenant", TenantFilter),)
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    beginning = "key"
    search_help_text = "A topic's id, key, or the beginning of a key."

    def panels(self, request: HttpRequest, row: Topic) -> Sequence[Panel]:
        members = row.members.select_related("subscriber").order_by("subscriber_id")[: SHOWN + 1]
        rows = [(link(m.subscriber), m.subscriber.name, m.subscriber.email) for m in members]
        note = f"The first {SHOWN}; the API lists all." if len(rows) > SHOWN else ""
        return [Panel("Members", ("Subscriber", "Name", "Email"), rows[:SHOWN], "Nobody follows it yet.", note)]


def _wants(subscriber: Subscriber) -> Panel:
    """The switches as they count, each with who says so."""
    rows = matrix(subscriber)
    channels = list(rows[0].channels)
    cells = [(row.category, *(_switch(row.channels[name]) for name in channels)) for row in rows]
    return Panel("Effective preferences", ("Category", *channels), cells, empty="")


def _switch(cell: Any) -> str:
    return f"{'on' if cell.enabled else 'off'} ({cell.source})"


def _got(subscriber: Subscriber) -> Panel:
    items = InboxItem.objects.filter(subscriber=subscriber).select_related("notification")
    rows = [
        (
            when(item.created_at),
            link(item.notification, item.notification.content["title"] or "(no title)"),
            item.notification.event,
            badge(_state(item)),
        )
        for item in items.order_by("-notification_id")[:RECENT]
    ]
    note = list_link(Notification, "All that they were told", f"q={subscriber.pk}")
    empty = "Nothing was sent to them yet."
    return Panel("Recent items", ("When (UTC)", "Title", "Event", "State"), rows, empty, note if rows else "")


def _state(item: InboxItem) -> str:
    """The latest that happened to it, in a word."""
    facts = (
        (item.hidden_reason, f"hidden: {item.hidden_reason}"),
        (item.deleted_at, "deleted"),
        (item.retracted_at, "withdrawn"),
        (item.expired_at, "expired"),
        (item.archived_at, "archived"),
        (item.snoozed_until, "snoozed"),
        (item.read_at, "read"),
        (item.seen_at, "seen"),
    )
    return next((word for fact, word in facts if fact), "unseen")
