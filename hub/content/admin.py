"""Admin: event types and templates, checked as the API checks them."""

from typing import Any

from django import forms
from django.db.models.functions import Now
from django.http import HttpRequest

from hub.api.admin import HubAdmin, TenantFilter
from hub.content.keys import check_key
from hub.content.models import EventType, Template
from hub.content.services import check_ladder
from hub.content.sources import check_content, check_words
from hub.exceptions import InvalidRequest


class CheckedForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the API refuses is refused here, with the same words."""

    def clean_key(self) -> Any:
        return self.checked("key", lambda value: check_key(value, field="key"))

    def checked(self, name: str, check: Any) -> Any:
        """The field, as `check` gives it back."""
        try:
            return check(self.cleaned_data[name])
        except InvalidRequest as error:
            raise forms.ValidationError([f"{e.field}: {e.message}".removeprefix(": ") for e in error.errors]) from error


class EventTypeForm(CheckedForm):
    def clean_category(self) -> Any:
        return self.checked("category", lambda value: check_key(value, field="category"))

    def clean_ladder(self) -> Any:
        return self.checked("ladder", check_ladder)

    def clean_template(self) -> Any:
        return self.checked("template", check_words)


class TemplateForm(CheckedForm):
    def clean_content(self) -> Any:
        kind = self.cleaned_data.get("kind") or self.instance.kind
        return self.checked("content", lambda value: check_content(value, kind))


class EventTypeAdmin(HubAdmin[EventType]):
    form = EventTypeForm
    list_display = ("key", "name", "category", "tenant", "required", "active")
    list_filter = (("tenant", TenantFilter), "active", "required")
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    text_lookups = ("key", "name", "category")
    search_help_text = "A key, name or category."


class TemplateAdmin(HubAdmin[Template]):
    form = TemplateForm
    list_display = ("key", "name", "tenant", "updated_at")
    list_filter = (("tenant", TenantFilter),)
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    text_lookups = ("key", "name")
    search_help_text = "A key or name."

    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:
        obj.updated_at = Now()
        super().save_model(request, obj, form, change)
