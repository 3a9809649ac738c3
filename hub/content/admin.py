"""Admin: event types, checked as the API checks them."""

from typing import Any

from django import forms

from hub.api.admin import HubAdmin
from hub.content.keys import check_key
from hub.content.models import EventType
from hub.content.services import check_ladder
from hub.content.templates import check_template
from hub.exceptions import InvalidRequest


class EventTypeForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_key(self) -> Any:
        return self._checked("key", lambda value: check_key(value, field="key"))

    def clean_category(self) -> Any:
        return self._checked("category", lambda value: check_key(value, field="category"))

    def clean_ladder(self) -> Any:
        return self._checked("ladder", check_ladder)

    def clean_template(self) -> Any:
        return self._checked("template", check_template)

    def _checked(self, name: str, check: Any) -> Any:
        try:
            return check(self.cleaned_data[name])
        except InvalidRequest as error:
            raise forms.ValidationError([f"{e.field}: {e.message}".removeprefix(": ") for e in error.errors]) from error


class EventTypeAdmin(HubAdmin[EventType]):
    form = EventTypeForm
    list_display = ("key", "name", "category", "tenant", "required", "active")
    list_filter = ("tenant", "active", "required")
    list_select_related = ("tenant",)
    exact_fields = ("key", "name", "category")
