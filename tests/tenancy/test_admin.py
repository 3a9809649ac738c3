"""Tenants and signing keys in the admin follow the rules of the REST API, and those who are connected feel it too."""

from datetime import timedelta

import pytest
from django.test import Client

from hub import live
from hub.tenancy.models import SigningKey, Tenant
from hub.tenancy.services import create_signing_key, set_clock

pytestmark = pytest.mark.django_db(transaction=True)

ADD = "/admin/hub/signingkey/add/"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The tenants that the live edges were told to look at again."""
    tenants: list[object] = []
    monkeypatch.setattr(live, "recheck", lambda *, tenant: tenants.append(tenant))
    return tenants


def test_origins_are_checked(browser: Client, tenant: Tenant) -> None:
    form = {"slug": "acme", "name": "Acme", "allowed_origins": "https://A.example", "read_on": "never"}
    address = f"/admin/hub/tenant/{tenant.pk}/change/"
    assert browser.post(address, form).status_code == 302
    assert Tenant.objects.get().allowed_origins == ["https://a.example"]
    assert "is not scheme" in browser.post(address, form | {"allowed_origins": "a.example"}).content.decode()


def test_branding_is_checked(browser: Client, tenant: Tenant) -> None:
    form = {"name": "Acme", "allowed_origins": "", "read_on": "never", "branding": '{"colour": "#0A7D4F"}'}
    address = f"/admin/hub/tenant/{tenant.pk}/change/"
    assert browser.post(address, form).status_code == 302
    assert Tenant.objects.get().branding == {"colour": "#0a7d4f"}
    assert "&quot;#0a7d4f&quot;" in browser.get(address).content.decode()
    assert "Give a colour" in browser.post(address, form | {"branding": '{"colour": "green"}'}).content.decode()


def test_a_sandbox_whose_clock_is_ahead_stays_one(browser: Client, tenant: Tenant) -> None:
    Tenant.objects.update(sandbox=True)
    set_clock(tenant=tenant, offset=timedelta(hours=1))
    form = {"name": "Acme", "allowed_origins": "", "read_on": "never"}
    address = f"/admin/hub/tenant/{tenant.pk}/change/"
    assert "put it right first" in browser.post(address, form).content.decode()
    set_clock(tenant=tenant, offset=timedelta(0))
    assert browser.post(address, form).status_code == 302
    assert not Tenant.objects.get().sandbox


def test_a_suspension_is_told(browser: Client, tenant: Tenant, told: list[object]) -> None:
    browser.post("/admin/hub/tenant/", {"action": "suspend", "_selected_action": [str(tenant.pk)], "confirmed": "yes"})
    assert Tenant.objects.get().status == "suspended"
    assert told == [tenant.pk]


def test_revoking_a_signing_key_is_told(browser: Client, tenant: Tenant, told: list[object]) -> None:
    key = create_signing_key(tenant=tenant)
    browser.post("/admin/hub/signingkey/", {"action": "revoke", "_selected_action": [str(key.pk)], "confirmed": "yes"})
    assert SigningKey.objects.get().revoked_at is not None
    assert told == [tenant.pk]


def test_an_issuer_is_checked(browser: Client, tenant: Tenant) -> None:
    form = {"tenant": str(tenant.pk), "algorithm": "RS256", "key": "", "jwks_url": "http://issuer.example/"}
    assert "must be https" in browser.post(ADD, form).content.decode()
    assert browser.post(ADD, form | {"jwks_url": "https://issuer.example/"}).status_code == 302
    assert SigningKey.objects.get().jwks_url == "https://issuer.example/"
