"""The commands: a tenant, a key, and a demo that can be made again and again."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import override_settings

from hub.callbacks.addresses import callback_url
from hub.chat.models import ChatAddress
from hub.content.models import Template, TemplateVersion
from hub.content.preview import preview
from hub.content.templates import delete_template
from hub.devices.models import Device
from hub.exceptions import HubError
from hub.providers.accounts import hub_accounts
from hub.tenancy import keys, tokens
from hub.tenancy.models import ApiKey, Tenant

pytestmark = pytest.mark.django_db


def made(path: Path) -> dict[str, Any]:
    with override_settings(DEMO=True):
        call_command(
            "hub_demo",
            "--url",
            "http://127.0.0.1:8000",
            "--mailbox-url",
            "http://m",
            "--output",
            path,
            stdout=StringIO(),
        )
    told: dict[str, Any] = json.loads(path.read_text())
    return told


def test_the_demo_is_ready_to_use(tmp_path: Path) -> None:
    path = tmp_path / "new" / "demo.json"
    demo = made(path)
    assert demo.keys() == {"url", "tenant", "api_key", "mailbox_url", "users", "callbacks", "admin"}
    assert (demo["url"], demo["tenant"], demo["mailbox_url"]) == ("http://127.0.0.1:8000", "demo", "http://m")
    assert demo["callbacks"] == {"mail": callback_url(hub_accounts("email")[0])}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["demo.json"]
    assert keys.verify(demo["api_key"]).scopes == ["*"]
    for user in demo["users"]:
        subscriber = tokens.verify(user["token"]).subscriber
        assert (subscriber.external_id, subscriber.email) == (user["id"], user["email"])
        assert subscriber.name
    assert authenticate(**demo["admin"]).is_superuser  # type: ignore[union-attr]


def test_one_of_the_demo_can_be_reached_everywhere_where_there_are_emulators(tmp_path: Path) -> None:
    made(tmp_path / "demo.json")
    assert not Device.objects.exists()
    hub = {**settings.HUB, "outbound_exempt": ("127.0.0.1:9",)}
    with override_settings(HUB_EMULATORS_URL="http://127.0.0.1:9", HUB=hub):
        made(tmp_path / "demo.json")
        made(tmp_path / "demo.json")
    devices = Device.objects.filter(deactivated_at=None).values_list("subscriber__external_id", "platform")
    assert sorted(devices) == [("carol", "apns"), ("carol", "fcm"), ("carol", "web_push")]
    chats = ChatAddress.objects.values_list("subscriber__external_id", "kind")
    assert sorted(chats) == [("carol", kind) for kind in sorted(ChatAddress.Kind.values)]


def test_the_demo_has_the_shops_mails_once(tmp_path: Path) -> None:
    """What was changed of them since is left alone."""
    made(tmp_path / "demo.json")
    demo = Tenant.objects.get()
    for key in ("order-placed", "order-shipped", "order-delivered", "security-alert", "offers"):
        html = preview(tenant=demo, key=key).bodies["email"]["html"]
        assert "Demo shop, 1 High Street, York" in html
    delete_template(tenant=demo, key="offers")
    made(tmp_path / "demo.json")
    assert not Template.objects.filter(key="offers").exists()
    assert set(TemplateVersion.objects.values_list("number", flat=True)) == {1}


def test_making_it_again_renews_the_credentials(tmp_path: Path) -> None:
    first, second = made(tmp_path / "demo.json"), made(tmp_path / "demo.json")
    assert Tenant.objects.count() == 1
    assert Tenant.objects.get().allowed_origins == ["http://127.0.0.1:8000"]
    assert keys.verify(second["api_key"])
    with pytest.raises(HubError, match="revoked"):
        keys.verify(first["api_key"])
    assert authenticate(**first["admin"]) is None
    assert authenticate(**second["admin"])


def test_it_is_for_demos_only(tmp_path: Path) -> None:
    with override_settings(DEMO=False), pytest.raises(CommandError, match="HUB_DEMO"):
        call_command("hub_demo", "--output", tmp_path / "demo.json")


def test_a_tenant_and_its_key() -> None:
    call_command("hub_tenant", "create", "acme", "Acme", "--allowed-origin", "https://acme.example", stdout=StringIO())
    assert Tenant.objects.get(slug="acme").allowed_origins == ["https://acme.example"]
    out = StringIO()
    call_command("hub_api_key", "create", "--tenant", "acme", "--scope", "notifications:write", stdout=out)
    assert keys.verify(out.getvalue().strip()) == ApiKey.objects.get()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("hub_tenant", "create", "acme", "Acme"), "already"),
        (("hub_tenant", "create", "A b", "Acme"), "slug"),
        (("hub_tenant", "create", "b", "B", "--allowed-origin", "https://x/path"), "origin"),
        (("hub_api_key", "create", "--tenant", "nobody", "--scope", "*"), "no tenant"),
        (("hub_api_key", "create", "--tenant", "acme", "--scope", "all"), "Unknown"),
    ],
)
def test_says_what_is_wrong(words: tuple[str, ...], told: str) -> None:
    Tenant.objects.create(slug="acme", name="Acme")
    with pytest.raises(CommandError, match=told):
        call_command(*words)
