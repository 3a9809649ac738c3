"""Promise: the mails that come with the hub are published as they are, say what they are given, and run nothing of it."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from deliveries.providers.mail_message import build
from hub.content.models import Template
from hub.content.packs import install
from hub.content.preview import preview
from hub.content.templates import replace_template
from hub.exceptions import NotFound
from hub.tenancy.branding import branding_of
from hub.tenancy.models import Tenant
from hub.tenancy.services import change_tenant
from tests.support.works import make_work

ACCENTS = {
    "order-placed": "#15703d",
    "order-shipped": "#1d4fd7",
    "order-delivered": "#6d28d9",
    "security-alert": "#b91c1c",
    "offers": "#b4460a",
}
HOSTILE = '" onclick="x<script>{{7|times:7}}</script>'


def mail_of(tenant: Tenant, key: str, **data: Any) -> Any:
    """The mail that a template makes of its example, with `data` in it."""
    example = Template.objects.get(tenant=tenant, key=key).content["example"]
    said = preview(tenant=tenant, key=key, data=example | data)
    return build(make_work(said.content | said.bodies["email"], branding=branding_of(tenant)))


class Tags(HTMLParser):
    """Every tag there is, and every attribute of one."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def html_of(message: Any) -> str:
    return str(message.alternatives[0][0])


@pytest.fixture
def shop(tenant: Tenant) -> Tenant:
    call_command("hub_pack", "shop", tenant=tenant.slug)
    return tenant


def test_installing_twice_is_installing_once(shop: Tenant) -> None:
    assert set(install(tenant=shop, pack="shop")) == {"shop-layout", *ACCENTS}
    assert Template.objects.filter(tenant=shop, published__isnull=False).count() == 6
    with pytest.raises(NotFound):
        install(tenant=shop, pack="../secrets")
    with pytest.raises(CommandError):
        call_command("hub_pack", "shop", tenant="nobody")


@pytest.mark.parametrize("key", ACCENTS)
def test_each_is_a_whole_mail(shop: Tenant, key: str) -> None:
    message = mail_of(shop, key)
    html = html_of(message)
    assert f"background: {ACCENTS[key]}" in html.replace("background:#", "background: #")
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 480px" in html
    assert "<img" not in html
    assert 'role="presentation"' in html
    assert html.count("<h1") == 1
    assert "https://shop.example/" in html
    assert message.subject
    assert message.body.strip()


@pytest.mark.parametrize("key", ACCENTS)
def test_each_shows_the_tenant(shop: Tenant, key: str) -> None:
    shop.branding = {"name": "Tea & Cups", "colour": "#0a7d4f", "logo_url": "https://tea.example/l.png"}
    shop.branding |= {"address": "1 High Street, York", "support_url": "mailto:help@tea.example"}
    html = html_of(mail_of(shop, key))
    assert '<img src="https://tea.example/l.png" alt="Tea &amp; Cups"' in html
    assert "border-top: 4px solid #0a7d4f" in html
    assert html.count("1 High Street, York") == 1
    assert 'href="mailto:help@tea.example"' in html
    assert html.index("tea.example/l.png") < html.index("<h1") < html.index("1 High Street") < html.index("Get help")
    assert ACCENTS[key] in html


def test_its_layout_takes_whatever_is_said(shop: Tenant) -> None:
    """As the default, around words that no template lays out: they stand within it, where its own do."""
    change_tenant(tenant=shop, email_layout="shop-layout")
    shop.refresh_from_db()
    replace_template(tenant=shop, key="hello", title="Hello", body="A line.", action_url="/x", example={})
    html = html_of(mail_of(shop, "hello"))
    assert html.count("Hello</h1>") == 1
    assert html.index('class="brand"') < html.index('class="letter"') < html.index('class="foot small"')
    assert html.index('class="letter"') < html.index("<h1") < html.index("A line.") < html.index(">Open</a>")
    assert html.index(">Open</a>") < html.index("sent you this")


@pytest.mark.parametrize("key", ACCENTS)
def test_data_is_only_ever_text(shop: Tenant, key: str) -> None:
    example = Template.objects.get(tenant=shop, key=key).content["example"]
    texts = [name for name, value in example.items() if isinstance(value, str) and not name.endswith("url")]
    for name in texts:
        limit = 30 if name == "code" else 50
        html = html_of(mail_of(shop, key, **{name: HOSTILE[:limit]}))
        tags = Tags()
        tags.feed(html)
        assert "script" not in tags.names
        assert not [name for name in tags.attributes if name.startswith("on")]
        assert "49" not in html
