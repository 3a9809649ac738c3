"""Promise: a tenant is served by its own accounts in their order, and without any by those of the hub."""

from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from hub.providers.accounts import accounts, channels_of, hub_accounts
from hub.providers.models import Provider
from hub.rows import ask
from hub.tenancy.models import Tenant
from tests.support.factories import make_tenant
from tests.support.fake_provider import KINDS


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> None:
    common = {"texts": {"kind": "fake_sms", "secret": "s"}, "mail": {"kind": "django"}, "more": {"kind": "fake_sms"}}
    settings.HUB = settings.HUB | {"provider_kinds": KINDS, "providers": common}


def own(tenant: Tenant, key: str, kind: str = "fake_sms", channel: str = "sms", **fields: object) -> Provider:
    return Provider.objects.create(tenant=tenant, key=key, kind=kind, channel=channel, **fields)


def test_a_tenants_own_in_their_order_else_the_hubs(tenant: Tenant) -> None:
    other = make_tenant()
    own(tenant, "second", position=2)
    own(tenant, "first", position=1)
    own(tenant, "off", position=0, active=False)
    own(tenant, "talk", "fake_chat", "chat")
    found = ask(accounts("sms", [tenant.pk, other.pk]))
    assert [account.label for account in found[tenant.pk]] == ["fake_sms:first", "fake_sms:second"]
    assert [account.label for account in found[other.pk]] == ["fake_sms:texts", "fake_sms:more"]
    assert found[other.pk] == hub_accounts("sms")
    assert ask(accounts("email", [tenant.pk]))[tenant.pk][0].kind == "django"
    assert ask(accounts("chat", [other.pk]))[other.pk] == ()


def test_channels_are_those_that_somebody_serves(tenant: Tenant) -> None:
    own(tenant, "talk", "fake_chat", "chat")
    own(tenant, "off", "fake_push", "push", active=False)
    assert channels_of(tenant.pk) == ("email", "sms", "chat")
    assert channels_of(make_tenant().pk) == ("email", "sms")


def test_what_an_account_knows_is_secret_at_rest_and_in_every_text(tenant: Tenant) -> None:
    row = own(tenant, "first", config={"auth_token": "s3cret", "from": "+49301"})
    with connection.cursor() as db:
        db.execute("SELECT config FROM hub_provider")
        assert "s3cret" not in db.fetchone()[0]
    (account,) = ask(accounts("sms", [tenant.pk]))[tenant.pk]
    assert account.config == {"auth_token": "s3cret", "from": "+49301"}
    assert "s3cret" not in repr(account) + str(row)


def test_what_an_account_knows_may_be_in_a_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    config = {"kind": "fake_sms", "secret": {"file": str(tmp_path / "secret")}, "from": "Shop"}
    settings.HUB = settings.HUB | {"providers": {"texts": config}}
    (account,) = hub_accounts("sms")
    assert account.config == {"secret": "s3cret", "from": "Shop"}


def test_another_setting_is_another_version(settings: Settings) -> None:
    before = hub_accounts("sms")[0]
    settings.HUB = settings.HUB | {"providers": {"texts": {"kind": "fake_sms", "secret": "t"}}}
    (after,) = hub_accounts("sms")
    assert (before.id, before.version) != (after.id, after.version)
    assert before.id == after.id
