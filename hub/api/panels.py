"""Tables below the form of an admin page: what belongs to a record, read-only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Panel:
    """A titled table. `empty` is said when there are no rows; `search` names a field of the query string to narrow it by."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str
    note: str | SafeString = ""
    search: str = ""
    searched: str = ""


def link(row: Model, text: object = "") -> SafeString:
    """To the page of a record."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, text or row)


def list_link(model: type[Model], text: str, query: str) -> SafeString:
    """To a list, narrowed by a query string."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, query, text)


def when(instant: datetime | None) -> str:
    """An instant, to the second."""
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else ""


def badge(state: str) -> SafeString:
    """A state as a coloured word."""
    return format_html('<span class="hub-badge hub-{}">{}</span>', state, state)


def words(values: Iterable[object]) -> str:
    """What is there, with a dot between."""
    return " · ".join(str(value) for value in values if value not in (None, ""))
