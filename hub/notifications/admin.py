"""Admin: notifications, read-only, each with its timeline: why did this user get it, or not?"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.api.admin import FOUND, CreatedFilter, ReadOnlyAdmin, TenantFilter, pretty
from hub.api.panels import Panel, badge, when, words
from hub.audience.models import Subscriber
from hub.clock import parse_instant
from hub.content.values import storable
from hub.fallback.reasons import SENTENCES
from hub.ids import parse_uuid
from hub.inbox.models import InboxItem
from hub.notifications.models import Notification
from hub.notifications.timeline import Event, timeline

# subscribers of different tenants with the same id, of which a search shows what they got
NAMESAKES = 5
_SAID_APART = {"explanation", "reason", "delivery", "channel", "step", "generation", "due_at"}
_TITLES = {
    "accepted": "Accepted",
    "due": "Due",
    "processed": "Fanned out",
    "rescheduled": "Rescheduled",
    "cancelled": "Cancelled",
    "retracted": "Withdrawn",
    "item.created": "In the inbox",
    "item.hidden": "Not shown in the inbox",
    "item.wakes": "Wakes from its snooze",
    "item.acted": "Answered",
    "item.retracted": "Withdrawn from the inbox",
    "delivery.planned": "Planned",
    "delivery.dead": "Given up",
    "attempt.started": "Provider called",
    "attempt.finished": "Provider answered",
}


class NotificationAdmin(ReadOnlyAdmin[Notification]):
    list_display = ("title", "event", "state", "recipients", "priority", "tenant", "made")
    list_filter = ("status", CreatedFilter, ("tenant", TenantFilter))
    indexed = ("status__exact",)
    list_select_related = ("tenant",)
    text_lookups = ("cancel_key",)
    fields = (
        ("tenant", "event", "category"),
        ("state", "priority", "recipients", "creator", "request_id"),
        ("created_at", "send_at", "expires_at"),
        ("processed_at", "cancelled_at", "retracted_at"),
        ("tags", "group_key", "cancel_key"),
        "contents",
        "to",
        "steps",
    )
    search_help_text = "A notification's id, a subscriber's id, or a cancel key."

    def find(self, term: str) -> Iterable[UUID]:
        """Also what a subscriber was told, by their own id or the hub's."""
        yield from super().find(term)
        key = parse_uuid(term)
        named = Subscriber.objects.filter(external_id=term).values_list("pk", flat=True)[:NAMESAKES]
        for subscriber_id in [*named, *([key] if key else [])]:
            told = InboxItem.objects.filter(subscriber=subscriber_id).order_by("-notification_id")
            yield from told.values_list("notification_id", flat=True)[:FOUND]

    @admin.display(description="title")
    def title(self, notification: Notification) -> str:
        """The title as it was rendered."""
        return str(notification.content["title"]) or "(no title)"

    @admin.display(description="status")
    def state(self, notification: Notification) -> SafeString:
        """Its status, coloured."""
        return badge(notification.status)

    @admin.display(description="content")
    def contents(self, notification: Notification) -> SafeString:
        """What it says."""
        return pretty({name: value for name, value in notification.content.items() if value})

    @admin.display(description="to")
    def to(self, notification: Notification) -> SafeString:
        """Whom it was for, as it was asked."""
        return pretty(notification.audience)

    @admin.display(description="ladder")
    def steps(self, notification: Notification) -> SafeString:
        """Where it goes from the app, as the event type said then."""
        return pretty(notification.ladder)

    def panels(self, request: HttpRequest, row: Notification) -> Sequence[Panel]:
        """The timeline, of everybody or of the subscriber that the address names."""
        term = request.GET.get("subscriber", "").strip()
        who = term if storable(term) else ""
        told = timeline(row, subscriber=who or None)
        reached = any(event.subscriber for event in told.events)
        rows = [_row(event) for event in told.events] if reached or not who else []
        note = "Only the first recipients: name a subscriber to see theirs." if told.next else ""
        columns = ("When (UTC)", "Subscriber", "Channel", "What", "Details")
        return [Panel("Timeline", columns, rows, _nobody(row, who), note, "subscriber", who)]


def _nobody(notification: Notification, who: str) -> str:
    """Why there is nothing to tell about somebody."""
    if notification.cancelled_at:
        return f"{who} never got it: the notification was cancelled."
    if not notification.processed_at:
        return f"{who} has nothing of it yet: it has not been fanned out."
    return f"{who} is not among its recipients. Is the id right, and did they follow the topic at that time?"


def _row(event: Event) -> Sequence[object]:
    facts = event.details
    kind = event.kind.partition(".")[2] or event.kind
    title = _TITLES.get(event.kind, kind.capitalize())
    return when(event.at), event.subscriber, facts.get("channel", ""), format_html("<b>{}</b>", title), _details(facts)


def _fact(name: str, value: object) -> str:
    if not isinstance(value, dict):
        return f"{name}: {value}"
    was, at = (when(parse_instant(value[end] or "")) or "none" for end in ("from", "to"))
    return f"{name}: {was} → {at}"


def _details(facts: dict[str, object]) -> str:
    reason = str(facts.get("reason") or "")
    sentence = SENTENCES.get(reason, "")
    others = [
        _fact(name, value) for name, value in facts.items() if value not in (None, "") and name not in _SAID_APART
    ]
    due = [f"due {facts['due_at']:%H:%M:%S}"] if "due_at" in facts else []
    again = [f"replay {facts['generation']}"] if facts.get("generation") else []
    return words([sentence, f"({reason})" if reason else "", *due, *again, *others])
