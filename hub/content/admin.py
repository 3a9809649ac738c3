"""Admin: event types and templates, checked as the API checks them."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.safestring import SafeString

from hub.api.admin import HubAdmin, ReadOnlyAdmin, TenantFilter, pretty
from hub.api.confirm import confirmed
from hub.api.panels import Panel, badge, link, when, words
from hub.content.keys import check_key
from hub.content.models import EventType, Template, TemplateVersion
from hub.content.services import check_default_template, check_ladder
from hub.content.sources import check_content
from hub.content.templates import changed
from hub.content.versions import publish, roll_back
from hub.exceptions import HubError, InvalidRequest

# as many as a page shows
VERSIONS = 50


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
        tenant = self.cleaned_data.get("tenant") or self.instance.tenant
        return self.checked("template", lambda value: check_default_template(tenant, value))


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
    list_display = ("key", "kind", "name", "said", "tenant", "updated_at")
    list_filter = (("tenant", TenantFilter), "kind")
    list_select_related = ("tenant", "published")
    autocomplete_fields = ("tenant",)
    text_lookups = ("key", "name")
    search_help_text = "A key or name."
    actions = ("publish",)

    @admin.display(description="published")
    def said(self, template: Template) -> str:
        """Which version is said, and whether the draft is another."""
        if template.published is None:
            return "never"
        return words([f"version {template.published.number}", "the draft differs" if changed(template) else ""])

    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:
        obj.updated_at = Now()
        super().save_model(request, obj, form, change)

    def panels(self, request: HttpRequest, row: Template) -> Sequence[Panel]:
        """What was published, newest first."""
        newest = row.versions.defer("content").order_by("-id")[:VERSIONS]
        rows = [
            (link(one), when(one.created_at), one.creator, one.note, one.restores or "", _live(one, row))
            for one in newest
        ]
        columns = ("Version", "When (UTC)", "Who", "Note", "Brought back", "")
        return [Panel("Versions", columns, rows, "It was never published: select it in the list, and publish it.")]

    @admin.action(description="Publish the drafts of the selected templates", permissions=["operate"])
    @confirmed("Publish these drafts?", "They are what is said from now on, to everybody who is sent them.")
    def publish(self, request: HttpRequest, queryset: QuerySet[Template]) -> None:
        """What can't be published says why; the others are."""
        for template in queryset.select_related("tenant"):
            try:
                made = publish(tenant=template.tenant, key=template.key, creator=_who(request))
            except HubError as error:
                self.message_user(request, f"{template.key}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{template.key} says version {made.number}.")


class TemplateVersionAdmin(ReadOnlyAdmin[TemplateVersion]):
    list_display = ("template", "number", "note", "creator", "restores", "tenant", "created_at")
    list_filter = (("tenant", TenantFilter),)
    list_select_related = ("template", "tenant")
    fields = (("template", "number"), ("note", "restores"), ("creator", "created_at"), "says")
    text_lookups = ("template__key",)
    search_help_text = "A template's key."
    actions = ("roll_back",)

    @admin.display(description="content")
    def says(self, version: TemplateVersion) -> SafeString:
        """What it says."""
        return pretty(version.content)

    @admin.action(description="Say this version again", permissions=["operate"])
    @confirmed("Say these versions again?", "Each comes back as a new version of its template; the drafts stay.")
    def roll_back(self, request: HttpRequest, queryset: QuerySet[TemplateVersion]) -> None:
        """Those of templates that are gone are passed over."""
        for version in queryset.filter(template__isnull=False).select_related("tenant", "template"):
            template = version.template
            made = roll_back(tenant=version.tenant, key=template.key, number=version.number, creator=_who(request))  # type: ignore[union-attr]  # filtered
            self.message_user(request, f"{template} says version {made.number}, which is {version.number} again.")


def _live(version: TemplateVersion, template: Template) -> SafeString | str:
    return badge("active") if version.pk == template.published_id else ""


def _who(request: HttpRequest) -> str:
    return f"user:{request.user.pk}"
