"""Admin: deliveries, and dead letters by their cause, with what an operator may do about them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from hub.api.admin import TENANT, CreatedFilter, ReadOnlyAdmin, TenantFilter, by_tenant
from hub.api.confirm import confirmed
from hub.api.panels import Panel, badge, link, when
from hub.fallback.lists import Wanted, delivery_ids
from hub.fallback.models import Attempt, Delivery
from hub.fallback.reasons import DEAD, SENTENCES
from hub.fallback.services import mark_dead, replay, replay_dead_letters
from hub.policy.ladder import CHANNELS
from hub.tenancy.models import Tenant

# dead letters that are counted by cause, and that one click sends again: the newest
COUNTED = AT_ONCE = 1_000
AGAIN = (
    "Each that is dead or was sent goes out once more, as soon as a worker has time: whoever got it gets a second copy."
)


class ReasonFilter(admin.SimpleListFilter):
    """By reason: those that there can be, not those that a table of millions has."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason, reason) for reason in sorted(SENTENCES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class ChannelFilter(admin.SimpleListFilter):
    """By channel."""

    title = "channel"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(channel, channel) for channel in CHANNELS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(channel=self.value()) if self.value() else queryset


class DeliveriesAdmin(ReadOnlyAdmin[Delivery]):
    """What both lists share."""

    list_select_related = ("subscriber", "notification", "tenant")
    id_lookups = ("pk", "notification_id", "item_id")
    search_help_text = "The id of a delivery, a notification or an inbox item."
    look_back_help = "With a tenant chosen, these filters find all at once."
    # of all that are listed here; None: whatever the filter says
    state: str | None = None
    fields = (
        ("tenant", "subscriber", "notification"),
        ("channel", "lane", "step", "generation"),
        ("colour", "why"),
        ("created_at", "due_at", "finished_at"),
        ("attempts", "unknowns", "request_id"),
    )

    def chosen(self, filters: dict[str, str], after: UUID | None, limit: int) -> list[UUID] | None:
        """A tenant's by state, channel and reason: the index that the API's lists have."""
        wanted = Wanted(
            state=self.state or filters.get("state__exact"),
            channel=filters.get(ChannelFilter.parameter_name),
            reason=filters.get(ReasonFilter.parameter_name),
            since=CreatedFilter.since(filters.get(CreatedFilter.parameter_name)),
        )
        tenant = Tenant.objects.filter(pk=filters[TENANT]).first() if TENANT in filters else None
        if tenant is None or not (wanted.state or wanted.channel or wanted.reason):
            return None
        return delivery_ids(tenant=tenant, wanted=wanted, limit=limit, after=after)

    @admin.display(description="event")
    def event(self, delivery: Delivery) -> str:
        """What it is about."""
        return delivery.notification.event

    @admin.display(description="request id")
    def request_id(self, delivery: Delivery) -> str:
        """What the log calls the request that it began with."""
        return delivery.notification.request_id

    @admin.display(description="state")
    def colour(self, delivery: Delivery) -> SafeString:
        """Its state, coloured."""
        return badge(delivery.state)

    @admin.display(description="reason")
    def why(self, delivery: Delivery) -> str:
        """Why it is in this state, in words."""
        return SENTENCES.get(delivery.reason, delivery.reason)

    @admin.display(description="tries")
    def tries(self, delivery: Delivery) -> int:
        """Calls that failed or were never answered."""
        return delivery.attempts + delivery.unknowns

    @admin.action(description="Send the selected again", permissions=["operate"])
    @confirmed("Send these again?", AGAIN, shown=lambda rows: map(_line, rows))
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Each becomes a new generation that is due now."""
        number = by_tenant(queryset, lambda tenant, ids: replay(tenant=tenant, delivery_ids=ids))
        self.message_user(request, f"{number} sent again. Those in another state were passed over.")

    def panels(self, request: HttpRequest, row: Delivery) -> Sequence[Panel]:
        calls = Attempt.objects.filter(destination__delivery=row).select_related("destination").order_by("-id")
        rows = [
            (when(c.started_at), when(c.finished_at), c.destination.address, c.provider, c.outcome, c.code, c.answer)
            for c in calls[:50]
        ]
        columns = ("Called (UTC)", "Answered", "Address", "Provider", "Outcome", "Code", "Answer")
        note = link(row.notification, "Its notification's timeline")
        return [Panel("Provider calls", columns, rows, "No provider was called yet.", note)]


class DeliveryAdmin(DeliveriesAdmin):
    list_display = ("made", "subscriber", "event", "channel", "colour", "reason", "tries", "tenant")
    list_filter = ("state", ChannelFilter, ReasonFilter, CreatedFilter, ("tenant", TenantFilter))
    actions = ("send_again", "give_up")

    @admin.action(description="Give the selected up", permissions=["operate"])
    @confirmed(
        "Give these up?",
        "Those that wait become dead letters: nobody tries them any more, unless they are sent again from there.",
        shown=lambda rows: map(_line, rows),
    )
    def give_up(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """They become dead letters."""
        number = by_tenant(queryset, lambda tenant, ids: mark_dead(tenant=tenant, delivery_ids=ids))
        self.message_user(request, f"{number} given up. Those in another state were passed over.")


class DeadReasonFilter(ReasonFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason, reason) for reason in DEAD]


class DeadLetterAdmin(DeliveriesAdmin):
    """What could not be delivered and was not replayed since."""

    change_list_template = "admin/hub/dead_letters.html"
    state = Delivery.State.DEAD
    list_display = ("made", "subscriber", "event", "channel", "reason", "tries", "tenant")
    list_filter = (ChannelFilter, DeadReasonFilter, CreatedFilter, ("tenant", TenantFilter))
    actions = ("send_again", "send_cause_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).filter(state=self.state)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"causes": self._causes(request), **(extra_context or {})})

    @admin.action(description="Send all with the causes of the selected again", permissions=["operate"])
    @confirmed("Send all of these again?", AGAIN, shown=lambda rows: _of_causes(rows))
    def send_cause_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """The newest AT_ONCE of the same tenant, channel and reason as any that is selected."""
        causes = _causes_of(queryset)
        number, more = 0, False
        for tenant, channel, reason in causes:
            wanted = Wanted(state=Delivery.State.DEAD, channel=channel, reason=reason)
            again, left = replay_dead_letters(tenant=tenant, wanted=wanted, limit=AT_ONCE)
            number, more = number + again, more or left
        rest = " There are more: do it again." if more else ""
        self.message_user(request, f"{number} sent again, of {len(causes)} causes.{rest}")

    def _causes(self, request: HttpRequest) -> list[dict[str, Any]]:
        """How many there are of each cause, among the newest COUNTED."""
        newest = self.get_queryset(request).order_by("-pk").values_list("channel", "reason")[:COUNTED]
        return [
            {"channel": channel, "reason": reason, "number": number, "why": SENTENCES.get(reason, reason)}
            for (channel, reason), number in Counter(newest).most_common()
        ]


def _line(delivery: Delivery) -> str:
    """A delivery in a list of those that something is about to happen to."""
    return f"{delivery.notification.event} to {delivery.subscriber} by {delivery.channel}: {delivery.state} {delivery.reason}"


def _causes_of(rows: QuerySet[Delivery]) -> list[tuple[Tenant, str, str]]:
    """Each tenant, channel and reason among these."""
    causes = sorted(set(rows.order_by().values_list("tenant_id", "channel", "reason")))
    tenants = Tenant.objects.in_bulk([tenant_id for tenant_id, _, _ in causes])
    return [(tenants[tenant_id], channel, reason) for tenant_id, channel, reason in causes]


def _of_causes(rows: QuerySet[Delivery]) -> Iterator[str]:
    """How many dead letters share each of the causes of these."""
    for tenant, channel, reason in _causes_of(rows):
        wanted = Wanted(state=Delivery.State.DEAD, channel=channel, reason=reason)
        number = len(delivery_ids(tenant=tenant, wanted=wanted, limit=AT_ONCE + 1))
        some = f"the newest {AT_ONCE} of more" if number > AT_ONCE else number
        yield f"{tenant}, {channel} · {reason}: {some}"
