"""Admin: tenants and their keys. A key's text is shown once, right after it was made."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from hub.api.admin import TENANT, HubAdmin, KeptAdmin, TenantFilter
from hub.api.confirm import confirmed
from hub.api.forms import checked, show_once
from hub.api.panels import Panel, badge, list_link
from hub.content.layouts import check_default_layout
from hub.exceptions import Conflict, InvalidRequest
from hub.tenancy.branding import checked_branding
from hub.tenancy.hours import checked_hours
from hub.tenancy.keys import SCOPES, generate
from hub.tenancy.models import ApiKey, SigningKey, Tenant
from hub.tenancy.services import (
    check_slug,
    checked_origins,
    checked_sandbox,
    resume_tenant,
    revoke_api_key,
    revoke_signing_key,
    rotate_api_key,
    suspend_tenant,
)
from hub.tenancy.signing import checked_signing_key

OVERLAP = timedelta(days=1)


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        help_texts: ClassVar = {
            "branding": 'Such as {"name": "Acme", "logo_url": "https://…", "colour": "#0a7d4f", '
            '"address": "Acme, 1 High Street, York", "support_url": "mailto:help@acme.example"}.',
            "email_layout": "The key of the layout around mails that name none; empty: the hub's own.",
        }

    def clean_slug(self) -> Any:
        return checked(check_slug, self.cleaned_data["slug"])

    def clean_allowed_origins(self) -> Any:
        return checked(checked_origins, self.cleaned_data["allowed_origins"])

    def clean_sms_hours(self) -> Any:
        return checked(checked_hours, self.cleaned_data["sms_hours"])

    def clean_branding(self) -> Any:
        return checked(checked_branding, self.cleaned_data["branding"])

    def clean_email_layout(self) -> Any:
        return checked(
            lambda key: check_default_layout(tenant=self.instance, key=key), self.cleaned_data["email_layout"]
        )

    def clean_sandbox(self) -> Any:
        return checked(partial(checked_sandbox, self.instance), self.cleaned_data["sandbox"])


class TenantAdmin(KeptAdmin[Tenant]):
    form = TenantForm
    list_display = ("slug", "name", "state", "made")
    list_filter = ("status",)
    text_lookups = ("slug", "name")
    search_help_text = "A tenant's id, slug or name."
    fields = (
        "slug",
        "name",
        "allowed_origins",
        "read_on",
        "consent_required",
        "sms_hours",
        "branding",
        "email_layout",
        "sandbox",
        "clock",
        "status",
        "created_at",
    )
    readonly_fields = ("clock", "status", "created_at")
    actions = ("suspend", "resume")

    @admin.display(description="status")
    def state(self, tenant: Tenant) -> SafeString:
        """Its status, coloured."""
        return badge(tenant.status)

    @admin.display(description="clock ahead by")
    def clock(self, tenant: Tenant) -> str:
        """How far its clock is ahead; it is put over REST."""
        return str(tenant.clock_offset) if tenant.clock_offset else "not at all"

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> Any:
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def panels(self, request: HttpRequest, row: Tenant) -> Sequence[Panel]:
        """Where to go from here: every list that has a filter by tenant."""
        pages = self.admin_site._registry
        models = [model for model, page in pages.items() if ("tenant", TenantFilter) in (page.list_filter or ())]
        links = [(list_link(model, _named(model), f"{TENANT}={row.pk}"),) for model in models]
        return [Panel("Of this tenant", ("List",), links, empty="")]

    @admin.action(description="Suspend the selected tenants", permissions=["operate"])
    @confirmed(
        "Suspend these tenants?",
        "Their servers and users are refused with 403, their sockets close, and nothing more is sent for them, until they "
        "are resumed. Nothing is deleted.",
    )
    def suspend(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        """Until they are resumed."""
        self._each(request, queryset.exclude(status=Tenant.Status.SUSPENDED), suspend_tenant, "suspended")

    @admin.action(description="Resume the selected tenants", permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        """End their suspension."""
        self._each(request, queryset.exclude(status=Tenant.Status.ACTIVE), resume_tenant, "resumed")

    def _each(self, request: HttpRequest, tenants: QuerySet[Tenant], act: Callable[..., None], what: str) -> None:
        chosen = list(tenants)
        for tenant in chosen:
            act(tenant=tenant)
        self.message_user(request, f"{len(chosen)} {what}.")


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(choices=[(scope, scope) for scope in sorted(SCOPES)])


class ApiKeyAdmin(KeptAdmin[ApiKey]):
    form = ApiKeyForm
    list_display = ("name", "shown", "tenant", "scopes", "state", "used")
    list_filter = (("tenant", TenantFilter),)
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    text_lookups = ("name", "prefix")
    search_help_text = "A key's id, name, or the 8 characters after hub_."
    readonly_fields = ("prefix", "last_used_at", "revoked_at")
    actions = ("rotate", "revoke")

    @admin.display(description="key")
    def shown(self, key: ApiKey) -> str:
        """As much of it as may be seen."""
        return str(key)

    @admin.display(description="state")
    def state(self, key: ApiKey) -> SafeString | str:
        """Whether it is in use, and until when."""
        if key.revoked_at:
            return badge("revoked")
        return f"until {key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else badge("active")

    @admin.display(description="last used (UTC)")
    def used(self, key: ApiKey) -> str:
        """When it was last used, to the minute."""
        return f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return (*self.readonly_fields, "tenant") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if not change:
            new = generate()
            obj.prefix, obj.digest = new.prefix, new.digest
            show_once(request, f"The key is {new.text}")
        super().save_model(request, obj, form, change)

    @admin.action(description="Rotate: a new key each, the old ones end in a day", permissions=["operate"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """The new keys are shown once."""
        for key in queryset.select_related("tenant"):
            try:
                _, text = rotate_api_key(tenant=key.tenant, key_id=key.pk, overlap=OVERLAP)
                show_once(request, f"The key is {text}")
            except Conflict as error:
                self.message_user(request, f"{key.name}: {error.message}", messages.ERROR)

    @admin.action(description="Revoke the selected keys", permissions=["operate"])
    @confirmed("Revoke these API keys?", "Whoever uses them is refused from now on. It can't be undone.")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """What has ended already is passed over."""
        chosen = list(queryset.filter(revoked_at__isnull=True).select_related("tenant"))
        for key in chosen:
            revoke_api_key(tenant=key.tenant, key_id=key.pk)
        self.message_user(request, f"{len(chosen)} revoked.")


class SigningKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    key = forms.CharField(
        widget=forms.Textarea,
        required=False,
        help_text="HS256: leave it empty, the hub makes one. Others: a public key in PEM, or none and a JWKS URL.",
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "algorithm" in given:
            try:
                given["key"] = checked_signing_key(
                    algorithm=given["algorithm"], key=given.get("key") or None, jwks_url=given.get("jwks_url") or ""
                )
            except InvalidRequest as error:
                raise forms.ValidationError({error.errors[0].field: error.message}) from error
        return given


class SigningKeyAdmin(HubAdmin[SigningKey]):
    form = SigningKeyForm
    list_display = ("id", "tenant", "algorithm", "jwks_url", "created_at", "revoked_at")
    list_filter = (("tenant", TenantFilter), "algorithm")
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    fields = ("tenant", "algorithm", "key", "jwks_url")
    actions = ("revoke",)
    search_help_text = "A key's id: the kid of a token."

    def has_change_permission(self, request: HttpRequest, obj: SigningKey | None = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: SigningKey | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: SigningKey | None = None) -> Any:
        return ("tenant", "algorithm", "jwks_url", "created_at", "revoked_at") if obj else self.fields

    def save_model(self, request: HttpRequest, obj: SigningKey, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.algorithm == SigningKey.Algorithm.HS256:
            show_once(request, f"kid {obj.pk}, secret {obj.key}")

    @admin.action(description="Revoke the selected keys", permissions=["operate"])
    @confirmed(
        "Revoke these signing keys?",
        "The tokens that were signed with them are refused, and the sockets that these opened close. It can't be undone.",
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        """What has ended already is passed over."""
        keys = list(queryset.filter(revoked_at__isnull=True).select_related("tenant"))
        for key in keys:
            revoke_signing_key(tenant=key.tenant, key_id=key.pk)
        self.message_user(request, f"{len(keys)} revoked.")


def _named(model: type[Model]) -> str:
    return str(model._meta.verbose_name_plural).capitalize()
