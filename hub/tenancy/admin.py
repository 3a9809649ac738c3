"""Admin: tenants and their keys. A key's text is shown once, right after it was made."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from hub.api.admin import HubAdmin
from hub.exceptions import InvalidRequest
from hub.tenancy.keys import SCOPES, generate
from hub.tenancy.models import ApiKey, SigningKey, Tenant
from hub.tenancy.services import checked_origins, revoke_signing_key, suspend_tenant
from hub.tenancy.signing import checked_signing_key


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_allowed_origins(self) -> list[str]:
        try:
            return checked_origins(self.cleaned_data["allowed_origins"])
        except InvalidRequest as error:
            raise forms.ValidationError(error.message) from error


class TenantAdmin(HubAdmin[Tenant]):
    form = TenantForm
    list_display = ("slug", "name", "status", "created_at")
    list_filter = ("status",)
    exact_fields = ("slug", "name")

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.status == Tenant.Status.SUSPENDED:
            suspend_tenant(tenant=obj)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(choices=[(scope, scope) for scope in sorted(SCOPES)])


class ApiKeyAdmin(HubAdmin[ApiKey]):
    form = ApiKeyForm
    list_display = ("name", "prefix", "tenant", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    exact_fields = ("name", "prefix")
    readonly_fields = ("prefix", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return (*self.readonly_fields, "tenant") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if not change:
            new = generate()
            obj.prefix, obj.digest = new.prefix, new.digest
            text = f"The key is {new.text}. Copy it now: it can't be shown again."
            messages.warning(request, text)
        super().save_model(request, obj, form, change)

    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke the selected keys"""
        revoked = queryset.filter(revoked_at__isnull=True).update(revoked_at=Now())
        self.message_user(request, f"{revoked} revoked.")


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
    list_filter = ("tenant", "algorithm")
    list_select_related = ("tenant",)
    fields = ("tenant", "algorithm", "key", "jwks_url")
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: SigningKey | None = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def get_fields(self, request: HttpRequest, obj: SigningKey | None = None) -> Any:
        return ("tenant", "algorithm", "jwks_url", "created_at", "revoked_at") if obj else self.fields

    def save_model(self, request: HttpRequest, obj: SigningKey, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.algorithm == SigningKey.Algorithm.HS256:
            messages.warning(request, f"kid {obj.pk}, secret {obj.key}. Copy it now: it can't be shown again.")

    def revoke(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        """Revoke the selected keys"""
        keys = list(queryset.filter(revoked_at__isnull=True).select_related("tenant"))
        for key in keys:
            revoke_signing_key(tenant=key.tenant, key_id=key.pk)
        self.message_user(request, f"{len(keys)} revoked.")
