"""What the admin pages of all concepts share: lists that stay quick on tables of any size."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters, ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.api.panels import Panel
from hub.clock import now
from hub.content.values import storable
from hub.ids import first_id, parse_uuid, time_of
from hub.tenancy.models import Tenant

Row = TypeVar("Row", bound=Model)

OLDER = "older_than"
TENANT = "tenant__id__exact"
# rows that one page of a filtered list looks at, at most
LOOK_BACK = 1_000
# rows that a search finds, at most
FOUND = 1_000
# tenants to choose from beside a list; any other has its own link on its page
CHOICES = 50

if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:

    class Base(admin.ModelAdmin):
        """Django's, which can't be subscripted at run time."""

        def __class_getitem__(cls, _: object) -> type:
            return cls


class KeysetChangeList(ChangeList):
    """Newest first, and on to what is older than the last row: no COUNT(*), no OFFSET from the beginning.

    A filter that no index answers looks back over LOOK_BACK rows at a time, however rare what it looks for is: on, with
    *Older*, from where the page before has stopped.
    """

    model_admin: "HubAdmin[Any]"

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        self.filter_params.pop(OLDER, None)
        text = self.params.pop(OLDER, None)
        self.cursor = parse_uuid(text) if text else None
        if text and self.cursor is None:
            raise IncorrectLookupParameters
        return super().get_queryset(request, *args, **kwargs)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        filters = {} if self.query else self.get_filters_params(self.params)
        chosen = self.model_admin.chosen(filters, self.cursor, self.list_per_page + 1)
        end = self._end(filters) if chosen is None else None
        rows = self._below_cursor(self.queryset) if chosen is None else self.queryset.filter(pk__in=chosen)
        rows = rows.filter(pk__gte=end) if end else rows
        found = list(rows[: self.list_per_page + 1])
        self.result_list = found[: self.list_per_page]
        more = len(found) > self.list_per_page
        self.older = self.result_list[-1].pk if more else end
        self.looked_back_to = time_of(end) if end and not more else None
        # how many there are in all is not known, and not shown
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True

    @property
    def older_link(self) -> str:
        """The page after this one, empty on the last."""
        return self.get_query_string({OLDER: self.older.hex}) if self.older else ""

    @property
    def newest_link(self) -> str:
        """The first page, empty on it."""
        return self.get_query_string() if self.cursor else ""

    def _below_cursor(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(pk__lt=self.cursor) if self.cursor else rows

    def _end(self, filters: dict[str, Any]) -> UUID | None:
        """Where a filtered page stops looking, None if an index finds its rows anyway."""
        if not set(filters) - {TENANT, CreatedFilter.parameter_name, *self.model_admin.indexed}:
            return None
        rows = self.root_queryset.filter(**{name: value for name, value in filters.items() if name == TENANT})
        rows = self._below_cursor(rows).order_by("-pk")
        return rows.values_list("pk", flat=True)[LOOK_BACK - 1 : LOOK_BACK].first()


class CreatedFilter(admin.SimpleListFilter):
    """By age. An id carries the time at which it was made, so this is a range of the primary key."""

    title = "age"
    parameter_name = "created"
    ages = {
        "hour": ("Past hour", timedelta(hours=1)),
        "day": ("Past 24 hours", timedelta(days=1)),
        "week": ("Past 7 days", timedelta(days=7)),
        "month": ("Past 30 days", timedelta(days=30)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, _) in self.ages.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        since = self.since(self.value())
        return queryset.filter(pk__gte=first_id(since)) if since else queryset

    @classmethod
    def since(cls, chosen: str | None) -> datetime | None:
        """When the oldest of these were made, None for all."""
        age = cls.ages.get(chosen or "")
        return now() - age[1] if age else None


class TenantFilter(admin.RelatedFieldListFilter):
    """By tenant: the first few by name."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        return list(Tenant.objects.order_by("slug").values_list("pk", "slug")[:CHOICES])


class HubAdmin(Base[Row]):
    """Newest first, searched exactly or by what a name begins with: what an index can answer."""

    change_list_template = "admin/hub/keyset_change_list.html"
    change_form_template = "admin/hub/panels_change_form.html"
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("pk",)
    # what a UUID is looked up in, and any term; what it may be the beginning of: fields that have an index, or few rows
    id_lookups: tuple[str, ...] = ("pk",)
    text_lookups: tuple[str, ...] = ()
    beginning: str = ""
    # parameters of filters that an index answers together with tenant and age
    indexed: tuple[str, ...] = ()
    # what to do when a filter has to look back
    look_back_help = ""

    class Media:
        css = {"all": ("hub-admin/admin.css",)}

    @admin.display(description="created (UTC)")
    def made(self, row: Any) -> str:
        """When it was made, to the minute."""
        return f"{row.created_at:%Y-%m-%d %H:%M}"

    def panels(self, request: HttpRequest, row: Row) -> Sequence[Panel]:
        """What is shown below the form of a record."""
        return ()

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        context["panels"] = self.panels(request, row) if row is not None else ()
        return super().render_change_form(request, context, *args, **kwargs)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may change records may operate on them, even where no field of theirs is ever edited."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def chosen(self, filters: dict[str, str], after: UUID | None, limit: int) -> list[UUID] | None:
        """The ids of a page, by an index that the list's own statement would not use; None: it finds them itself."""
        return None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        """Up to FOUND rows of each lookup."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = set(self.find(term)) if storable(term) else set()
        return queryset.filter(pk__in=found), False

    def find(self, term: str) -> Iterable[UUID]:
        """The ids that a search term finds: by an index each, and no more of it than is shown."""
        rows = self.model._default_manager.values_list("pk", flat=True)
        key = parse_uuid(term)
        for lookup in self.id_lookups if key else ():
            yield from rows.filter(**{lookup: key})[:FOUND]
        for lookup in self.text_lookups:
            yield from rows.filter(**{lookup: term})[:FOUND]
        if self.beginning:
            # in order of the name, in which the name that is just this comes first
            yield from rows.filter(**{f"{self.beginning}__startswith": term}).order_by(self.beginning)[:FOUND]


class KeptAdmin(HubAdmin[Row]):
    """For what too much hangs on to be deleted with a click."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin[Row]):
    """For what only the hub itself writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def by_tenant(rows: QuerySet[Any], act: Callable[[Tenant, list[UUID]], int]) -> int:
    """Do something to records of any tenants, tenant by tenant. Returns the sum."""
    chosen: dict[UUID, list[UUID]] = {}
    for key, tenant_id in rows.values_list("pk", "tenant_id"):
        chosen.setdefault(tenant_id, []).append(key)
    tenants = Tenant.objects.in_bulk(list(chosen))
    return sum(act(tenants[tenant_id], keys) for tenant_id, keys in chosen.items())


def pretty(value: object) -> SafeString:
    """JSON to look at."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<code class="hub-code">{}</code>', text)
