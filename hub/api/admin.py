"""What the admin pages of all concepts share."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from hub.content.values import storable
from hub.ids import parse_uuid

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:

    class Base(admin.ModelAdmin):
        """Django's, which can't be subscripted at run time."""

        def __class_getitem__(cls, _: object) -> type:
            return cls


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """Never counts a big table: takes the planner's estimate of what the list selects."""

    @cached_property
    def count(self) -> int:
        """Rows, exact up to a thousand."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        few = rows.order_by()[:1_001].count()
        return few if few <= 1_000 else max(few, _estimate(rows))


class HubAdmin(Base[Row]):
    """Lists that stay quick on tables of any size: newest first, no COUNT(*), no drop-downs of a million rows."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)
    # what a search term that is no UUID is looked up in, exactly
    exact_fields: tuple[str, ...] = ()
    # what a UUID is looked up in
    id_fields: tuple[str, ...] = ("pk",)
    search_fields = ("pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        """Exact matches only: what an index can answer."""
        term = search_term.strip()
        if not term or not storable(term):
            return (queryset.none() if term else queryset), False
        found_id = parse_uuid(term)
        names = self.id_fields if found_id else self.exact_fields
        matches = queryset.none()
        for name in names:
            matches = matches | queryset.filter(**{name: found_id or term})
        return matches, False


class ReadOnlyAdmin(HubAdmin[Row]):
    """For what only the hub itself writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _estimate(rows: QuerySet[Any]) -> int:
    sql, params = rows.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0]
    return int(plan[0]["Plan"]["Plan Rows"])
